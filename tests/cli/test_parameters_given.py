"""The template's parameters at the command line: right, wrong, kept, and asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.exit_codes import ExitCode
from cli.problems import Halt
from cli.stacks.bundle import read_bundle
from cli.stacks.parameters import complaint, read_parameters, request
from tests.cli.shell import Shell, shell

DECLARED: dict[str, dict[str, Any]] = {
    "Stage": {"Type": "String", "Default": "dev"},
    "CodeBucket": {"Type": "String"},
    "CodeKey": {"Type": "String"},
    "Hooks": {"Type": "String", "Default": "ecs-drain*", "Description": "Hooks to act on."},
    "Deadline": {"Type": "String", "Default": "1h", "Description": "When waiting ends."},
    "OnDeadline": {"Type": "String", "Default": "continue", "Description": "What is done then."},
    "NotificationEmail": {"Type": "String", "Default": "", "Description": "Who is told."},
    "DeletionProtection": {
        "Type": "String",
        "Default": "false",
        "AllowedValues": ["true", "false"],
        "Description": "Whether it is protected.",
    },
    "LogRetentionDays": {"Type": "Number", "Default": 30},
}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Deadline", "--parameter 'Deadline': expected Name=value"),
        ("Deadlines=1h", "The template has no parameter Deadlines (did you mean Deadline?)"),
        ("Stage=prod", "--parameter Stage: it is filled in by the command"),
        ("CodeKey=x", "--parameter CodeKey: it is filled in by the command"),
        ("Deadline=1 hour", "--parameter Deadline: '1 hour' is not a duration such as 90s"),
        ("OnDeadline=kill", "--parameter OnDeadline: 'kill'"),
        ("DeletionProtection=yes", "--parameter DeletionProtection: 'yes': expected true or false"),
        ("LogRetentionDays=a week", "--parameter LogRetentionDays: 'a week': expected a whole number"),
    ],
)
def test_a_wrong_parameter_is_refused_before_aws_is_asked(text: str, said: str) -> None:
    """CloudFormation would take `Deadline=1 hour`, and each drain would pass it over."""
    with pytest.raises(Halt) as refused:
        read_parameters([text], DECLARED)
    assert refused.value.problem.code is ExitCode.USAGE
    assert said in refused.value.problem.sentence


def test_values_may_have_equals_signs_and_be_empty() -> None:
    given = read_parameters(["NotificationEmail=a=b@example.org", "Deadline="], DECLARED)
    assert given == {"NotificationEmail": "a=b@example.org", "Deadline": ""}
    assert complaint("Deadline", "", DECLARED["Deadline"]) == ""


def test_what_is_not_given_stays_and_what_is_new_has_its_default() -> None:
    before = {"Stage": "dev", "Deadline": "30m", "Gone": "1"}
    assert request(DECLARED, {"Hooks": "mine"}, before) == [
        {"ParameterKey": "Stage", "UsePreviousValue": True},
        {"ParameterKey": "Hooks", "ParameterValue": "mine"},
        {"ParameterKey": "Deadline", "UsePreviousValue": True},
    ]
    assert request(DECLARED, {"Hooks": "mine"}, None) == [{"ParameterKey": "Hooks", "ParameterValue": "mine"}]


def release(folder: Path) -> Path:
    """A release that is one topic, which is enough to be asked about."""
    template = {
        "Parameters": DECLARED,
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Stage"}}}},
        "Outputs": {"Release": {"Value": "1.0.0"}},
    }
    (folder / "template.json").write_text(json.dumps(template))
    (folder / "deployment.zip").write_bytes(b"zip")
    return folder


def asked(told: Shell, folder: Path, answer: str) -> tuple[int, str]:
    """Install as a person at a terminal."""
    ran = told.quietly(f"install --stage other --from {folder}", edge=told.edge(can_ask=True), answer=answer)
    return ran.exit_code, ran.output


def test_a_person_is_asked_the_few_things_that_matter_and_again_where_the_answer_is_wrong(
    tmp_path: Path,
) -> None:
    with shell(instances=1) as told:
        answers = ["", "soon", "30m", "", "oncall@example.org", "", "y"]
        code, said = asked(told, release(tmp_path), "\n".join(answers) + "\n")
        assert code == 0, said
        assert "Deadline: When waiting ends." in said
        assert "'soon' is not a duration" in said
        assert "Install this? [y/N]: y" in said
        (stack,) = boto3.client("cloudformation").describe_stacks(StackName="ecs-drainer-other")["Stacks"]
        given = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        assert (given["Deadline"], given["NotificationEmail"]) == ("30m", "oncall@example.org")
        code, said = asked(told, release(tmp_path), "")
        assert (code, "It is up to date" in said) == (0, True), "a second time nobody is asked"


def test_a_person_who_says_no_leaves_nothing_behind(tmp_path: Path) -> None:
    with shell(instances=1) as told:
        code, said = asked(told, release(tmp_path), "\n\n\n\n\nn\n")
        assert (code, "Nothing was changed" in said) == (ExitCode.REFUSED, True)
        stacks = boto3.client("cloudformation").describe_stacks()["Stacks"]
        assert [each["StackName"] for each in stacks] == ["ecs-drainer-dev"]
        buckets = [each["Name"] for each in boto3.client("s3").list_buckets()["Buckets"]]
        assert buckets == ["ecs-drainer-templates"], "that of the deployment which the story began with"


def test_a_stage_whose_functions_are_there_without_a_stack_of_ours_is_left_alone(tmp_path: Path) -> None:
    with shell(instances=1) as told:
        ran = told.quietly(f"install --yes --from {release(tmp_path)}")
        assert ran.exit_code == ExitCode.REFUSED
        assert "was deployed by other means, and is left alone" in ran.output


def test_a_bucket_that_is_not_there_is_made_under_the_name_that_is_given(tmp_path: Path) -> None:
    with shell(instances=1) as told:
        ran = told.quietly(f"install --yes --stage other --bucket code-of-mine --from {release(tmp_path)}")
        assert ran.exit_code == 0, ran.output
        assert "Making the bucket code-of-mine" in ran.output
        listed = boto3.client("s3").list_objects_v2(Bucket="code-of-mine")["Contents"]
        assert [each["Key"].rsplit("/", 1)[-1] for each in listed] == ["deployment.zip"]


def test_a_folder_without_a_release_is_told_by_the_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Halt) as refused:
        read_bundle(tmp_path)
    assert "template.json can't be read: No such file or directory" in refused.value.problem.sentence
    release(tmp_path)
    (tmp_path / "template.json").write_text("{")
    with pytest.raises(Halt, match=r"template\.json is not JSON"):
        read_bundle(tmp_path)


def test_a_clone_says_how_it_is_deployed() -> None:
    with pytest.raises(Halt) as refused:
        read_bundle(None)
    assert "`chalice deploy` deploys what is there" in refused.value.problem.remedy
