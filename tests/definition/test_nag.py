"""What `make nag` asks of cdk-nag, but for cdk-nag itself, which needs node: no exception is stale or unreasoned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from statemachine.nag.__main__ import STAGES, whole
from statemachine.nag.exceptions import Exempt, Violation, complaints, exceptions, violation
from statemachine.nag.settled import settled

ALL = Violation("AwsSolutions-IAM5", "LookRole", "Resource::*")
QUEUE = Violation("AwsSolutions-SQS4", "DeadLetterQueue", "")
OF_ALL = Exempt("AwsSolutions-IAM5", ("LookRole",), ("Resource::*",), "it takes no resource")


def test_every_exception_has_its_reason() -> None:
    assert all(len(one.reason.split()) > 5 for one in exceptions())


def test_an_exception_without_a_reason_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "exceptions.toml"
    file.write_text('[[exception]]\nrule = "AwsSolutions-SF1"\nresources = ["DrainStateMachine"]\n')
    with pytest.raises(KeyError, match="reason"):
        exceptions(file)


@pytest.mark.parametrize("one", exceptions(), ids=lambda one: f"{one.rule} {one.details[0]}")
def test_no_exception_outlives_what_it_excepts(one: Exempt) -> None:
    """As far as the template tells without cdk-nag: the resource is there, and each wildcard still in a grant of it."""
    resources = [whole(given)["Resources"] for given in STAGES.values()]
    named = [
        name for each in resources for name in each if any(Path(name).match(text) for text in one.resources)
    ]
    assert named
    granted = {text for each in resources for name in named for text in grants(each.get(name, {}))}
    for detail in filter(None, one.details):
        wanted = detail.removeprefix("Resource::").partition("**")[0]
        assert any(text.startswith(wanted) for text in granted), (
            f"{detail}: nothing is granted on it any more"
        )


def grants(resource: dict[str, Any]) -> set[str]:
    """Return what the policies of a role grant something on, as cdk-nag writes it."""
    policies = resource.get("Properties", {}).get("Policies", [])
    found = [each["Resource"] for one in policies for each in one["PolicyDocument"]["Statement"]]
    flat = [item for each in found for item in (each if isinstance(each, list) else [each])]
    return {text(item) for item in flat}


def text(resource: Any) -> str:
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        return str(resource["Fn::Sub"]).replace("${", "<").replace("}", ">")
    return resource if isinstance(resource, str) else json.dumps(resource, separators=(",", ":"))


@pytest.mark.parametrize(
    ("story", "found", "exempt", "said"),
    [
        ("a violation with its reason", {ALL}, [OF_ALL], []),
        (
            "one without",
            {ALL, QUEUE},
            [OF_ALL],
            ["DeadLetterQueue breaks AwsSolutions-SQS4: mend it, or say why not in exceptions.toml."],
        ),
        (
            "a reason that nothing needs",
            set(),
            [OF_ALL],
            [
                "exceptions.toml excepts AwsSolutions-IAM5 of LookRole, and nothing breaks it.",
                "exceptions.toml excepts AwsSolutions-IAM5 of Resource::*, and nothing breaks it.",
            ],
        ),
        (
            "a wildcard of the policy's is none of ours",
            {Violation("AwsSolutions-IAM5", "LookRole", "Resource::arn:x")},
            [OF_ALL],
            [
                "LookRole breaks AwsSolutions-IAM5 (Resource::arn:x): mend it, or say why not in exceptions.toml.",
                "exceptions.toml excepts AwsSolutions-IAM5 of LookRole, and nothing breaks it.",
                "exceptions.toml excepts AwsSolutions-IAM5 of Resource::*, and nothing breaks it.",
            ],
        ),
    ],
)
def test_what_is_wrong_is_said(
    story: str, found: set[Violation], exempt: list[Exempt], said: list[str]
) -> None:
    assert list(complaints(found, exempt)) == said, story


def test_what_cdk_nag_reports_is_read() -> None:
    assert violation("AwsSolutions-IAM5[Resource::*]", "LookRole") == ALL
    assert violation("AwsSolutions-SQS4", "DeadLetterQueue") == QUEUE


def test_a_template_is_settled_as_its_parameters_decide() -> None:
    document = {
        "Parameters": {"Key": {"Default": ""}, "Name": {}},
        "Conditions": {"HasKey": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Key"}, ""]}]}},
        "Resources": {
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {
                    "TopicName": {"Ref": "Name"},
                    "KmsMasterKeyId": {"Fn::If": ["HasKey", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]},
                    "Tags": [
                        {"Fn::If": ["HasKey", {"Key": "kms", "Value": "ours"}, {"Ref": "AWS::NoValue"}]}
                    ],
                },
            },
            "Grant": {"Type": "AWS::KMS::Grant", "Condition": "HasKey", "Properties": {}},
        },
        "Outputs": {"It": {"Value": {"Ref": "Topic"}}},
    }
    plain = settled(document, {"Name": "told"})
    assert plain["Resources"] == {
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "told", "Tags": []}}
    }
    keyed = settled(document, {"Name": "told", "Key": "arn"})["Resources"]
    assert keyed["Topic"]["Properties"]["KmsMasterKeyId"] == "arn"
    assert keyed["Topic"]["Properties"]["Tags"] == [{"Key": "kms", "Value": "ours"}]
    assert keyed["Grant"] == {"Type": "AWS::KMS::Grant", "Properties": {}}
