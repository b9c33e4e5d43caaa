"""Each open question is asked of an embedded AWS that answers one way, and of one that answers the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.exit_codes import ExitCode
from cli.first_run.findings import ACCOUNT, HIDDEN
from cli.first_run.questions import QUESTIONS, question
from cli.first_run.running import OF_INSTANCES, OF_MACHINES
from embedded_aws import autoscaling, ecs, stepfunctions
from embedded_aws.conformance.__main__ import main as conformance
from stories.world import Service
from tests.cli.shell import Shell, shell

SMALL = Service(has_target_group=False)
FIRST = {each.id: each.answers[0].id for each in QUESTIONS}
"""What the embedded AWS answers by itself, but for the event that it doesn't send."""
SECOND = {each.id: each.answers[1].id for each in QUESTIONS}
USUAL = {**FIRST, "event-of-set-state": "no-event"}
OTHERWISE = {**SECOND, "event-of-set-state": "event"}


def turn_every_switch() -> None:
    """Let the embedded AWS answer each question the other way."""
    of_ecs, of_groups, of_machines = ecs.behaviour(), autoscaling.behaviour(), stepfunctions.behaviour()
    of_ecs.draining_twice = "failed"
    of_ecs.draining_respects_protection = False
    of_ecs.keeps_container_instance = True
    of_ecs.tells_of_set_states = True
    of_ecs.stopping_counts_towards_maximum = False
    of_ecs.managed_draining_leaves_active = True
    of_groups.topics_get_text = of_groups.tokens_suit_any_instance = True
    of_machines.names_errors_by_code = of_machines.stops_children_unasked = True


def asked(told: Shell, report: Path, options: str = "--with-a-throwaway-group --yes") -> dict[str, Any]:
    """Run the command; returns its report by question."""
    ran = told.quietly(f"doctor --first-run {options} --report {report}")
    assert ran.exit_code == ExitCode.OK, ran.output
    return {each["id"]: each for each in json.loads(report.read_text(encoding="utf-8"))}


@pytest.fixture(scope="module", params=["usual", "otherwise"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One run with a throwaway group: what should be answered, what was, and what was left in the account."""
    folder = tmp_path_factory.mktemp("first-run")
    with shell(SMALL, instances=1) as told:
        before = everything()
        if request.param == "otherwise":
            turn_every_switch()
        report = asked(told, folder / "report.json")
        after = everything()
    return OTHERWISE if request.param == "otherwise" else USUAL, report, (before, after)


def everything() -> dict[str, list[str]]:
    """Return the names of all that a first run could leave behind."""
    sfn, scaling, tasks, ec2 = (boto3.client(each) for each in ("stepfunctions", "autoscaling", "ecs", "ec2"))
    iam, events, sns, sqs = (boto3.client(each) for each in ("iam", "events", "sns", "sqs"))
    groups = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return {
        "machines": [one["name"] for one in sfn.list_state_machines()["stateMachines"]],
        "groups": [one["AutoScalingGroupName"] for one in groups],
        "clusters": tasks.list_clusters()["clusterArns"],
        "providers": [one["name"] for one in tasks.describe_capacity_providers()["capacityProviders"]],
        "task definitions": tasks.list_task_definitions()["taskDefinitionArns"],
        "templates": [
            one["LaunchTemplateName"] for one in ec2.describe_launch_templates()["LaunchTemplates"]
        ],
        "rules": [one["Name"] for one in events.list_rules()["Rules"]],
        "topics": [one["TopicArn"] for one in sns.list_topics()["Topics"]],
        "queues": sqs.list_queues().get("QueueUrls", []),
        "roles": sorted(one["RoleName"] for one in iam.list_roles()["Roles"]),
        "profiles": [one["InstanceProfileName"] for one in iam.list_instance_profiles()["InstanceProfiles"]],
    }


@pytest.mark.parametrize("name", [each.id for each in QUESTIONS])
def test_each_question_is_answered_as_the_account_behaves(run: Any, name: str) -> None:
    expected, report, _ = run
    assert report[name]["answer"] == expected[name], report[name]["evidence"]
    assert report[name]["evidence"]
    assert report[name]["region"] == "eu-west-1"
    assert report[name]["asked_at"].startswith("2026-03-02T1")


def test_nothing_is_left_behind(run: Any) -> None:
    before, after = run[2]
    assert after == before


def test_no_account_is_named(run: Any) -> None:
    assert not ACCOUNT.search(json.dumps(run[1]))


def test_an_error_name_comes_as_a_fact_for_the_conformance_tier(run: Any) -> None:
    """The embedded AWS that was asked agrees with what was recorded of it; the tier takes the report as it is."""
    fact = run[1]["validation-error-name"]["fact"]
    assert fact["recorded"]["status"] == "FAILED"
    assert fact["recorded"]["error"].startswith("AutoScaling.")
    assert fact["recorded"]["history"][-1] == "ExecutionFailed"
    assert fact["source"] == {"date": "2026-03-02", "recording": "ecs-drainer doctor --first-run"}


def test_the_conformance_tier_takes_a_report_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    with shell(SMALL, instances=1) as told:
        asked(told, report, "--with-a-throwaway-group --yes --question validation-error-name")
    assert conformance(["--report", str(report)]) == 0
    assert "sdk-errors" in capsys.readouterr().out
    document = json.loads(report.read_text(encoding="utf-8"))
    document[0]["fact"]["recorded"]["error"] = "AutoScaling.ValidationErrorException"
    report.write_text(json.dumps(document), encoding="utf-8")
    assert conformance(["--report", str(report), "--differences"]) == 1
    assert "AutoScaling.ValidationErrorException" in capsys.readouterr().out


def test_draining_twice_may_be_refused_outright_too(tmp_path: Path) -> None:
    with shell(SMALL, instances=1) as told:
        ecs.behaviour().draining_twice = "refused"
        one = asked(told, tmp_path / "r", "--with-a-throwaway-group --yes --question draining-twice")
        assert list(one) == ["draining-twice"]
        assert one["draining-twice"]["answer"] == "error"
        assert "InvalidParameterException" in one["draining-twice"]["evidence"]["second"]["error"]


@pytest.mark.parametrize("answer", [each.id for each in question("active-under-managed-draining").answers])
def test_the_question_of_a_capacity_provider_needs_no_other_before_it(answer: str, tmp_path: Path) -> None:
    """The two instances that the group begins with were there before its provider: it is asked of another."""
    name = "active-under-managed-draining"
    with shell(SMALL, instances=1) as told:
        before = everything()
        ecs.behaviour().managed_draining_leaves_active = answer == "stays-active"
        one = asked(told, tmp_path / "r", f"--with-a-throwaway-group --yes --question {name}")
        assert one[name]["answer"] == answer
        assert one[name]["evidence"]["lifecycle_state"] == "Terminating:Wait"
        assert everything() == before
        made = [call.operation for call in told.aws.requests.calls]
        tagged = next(call for call in told.aws.requests.calls if call.operation == "CreateCapacityProvider")
        assert "ecs-drainer-first-run" in str(tagged)
        assert made.index("DeleteCapacityProvider") < made.index("DeleteAutoScalingGroup")


def test_every_question_has_something_that_asks_it() -> None:
    names = [name for trials in (OF_MACHINES, OF_INSTANCES) for trial in trials for name in trial]
    assert sorted(names) == sorted(each.id for each in QUESTIONS)
    assert len({answer.id for each in QUESTIONS for answer in each.answers}) == 2 * len(QUESTIONS)


def test_reading_alone_says_what_the_rest_would_take(tmp_path: Path) -> None:
    with shell(SMALL, instances=1) as told:
        before = everything(), len(told.aws.requests.calls)
        report = asked(told, tmp_path / "r", "")
        assert everything() == before[0]
        assert {each["answer"] for each in report.values()} == {None}
        one = report["topic-body"]["evidence"]
        assert one["needs"] == "--with-a-throwaway-group"
        assert "Auto Scaling group of two instances" in one["creates"]
        assert "about $0.02" in one["costs"]
        changing = ("Create", "Put", "Delete", "Update", "Start", "Stop", "Set", "Register", "Terminate")
        made = told.aws.requests.calls[before[1] :]
        assert not [call.operation for call in made if call.operation.startswith(changing)]


def test_people_read_the_answers_without_account_ids() -> None:
    with shell(SMALL, instances=1) as told:
        stepfunctions.behaviour().names_errors_by_code = True
        ran = told.quietly(
            "doctor --first-run --with-a-throwaway-group --yes --question validation-error-name"
        )
        assert "answer: by-code: A name made of the error's code" in ran.stdout
        assert "evidence: error: AutoScaling.ValidationErrorException" in ran.stdout
        assert "1 of 1 questions are settled." in ran.stdout
        assert not ACCOUNT.search(ran.output.replace(HIDDEN, ""))
