"""What a first run creates is removed: after an error, after Ctrl-C at any moment, and later where it was killed."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import boto3
import pytest

from cli.exit_codes import ExitCode
from cli.first_run.making import Maker
from cli.first_run.questions import QUESTIONS
from cli.first_run.running import FirstRun
from embedded_aws.requests import Call, Fault
from tests.cli.first_run.test_first_run_answers import SMALL, everything
from tests.cli.shell import Shell, shell

ASK = "doctor --first-run --with-a-throwaway-group --yes"


def after(number: int, told: Shell, do: Callable[[], None]) -> Callable[[float], None]:
    """Return a sleep that does something once, at its so manieth call."""
    left = iter(range(number, -1, -1))

    def sleep(seconds: float) -> None:
        if next(left, None) == 0:
            do()
        told.aws.clock.advance(seconds)

    return sleep


@pytest.mark.parametrize(
    ("sleeps", "sent"),
    [
        *((sleeps, signal.SIGINT) for sleeps in (0, 13, 17, 60, 90, 105, 120)),
        (17, signal.SIGTERM),
        (17, signal.SIGHUP),
    ],
)
def test_ctrl_c_ends_the_trying_and_everything_is_removed(sleeps: int, sent: int, tmp_path: Path) -> None:
    """`kill` and a terminal that is closed are no different; what was found until then is reported."""
    with shell(SMALL, instances=1) as told:
        before = everything()
        edge = told.edge(sleep=after(sleeps, told, lambda: signal.raise_signal(sent)))
        ran = told.quietly(f"{ASK} --report {tmp_path / 'r'}", edge=edge)
        assert ran.exit_code == ExitCode.DETACHED, ran.output
        assert "Interrupted: what was found until then follows." in ran.stderr
        assert everything() == before
        found = {each["id"]: each["answer"] for each in json.loads((tmp_path / "r").read_text())}
        assert len(found) == len(QUESTIONS)
        assert None in found.values()


def test_ctrl_c_again_does_not_end_the_cleaning_up() -> None:
    """The first signal ends the trying, the others only hear that it is still at it."""
    with shell(SMALL, instances=1) as told:
        before = everything()

        def in_the_middle(call: Call) -> bool:
            if call.operation in ("DeleteAutoScalingGroup", "DeleteRole"):
                signal.raise_signal(signal.SIGINT)
            return False

        told.aws.requests.fail_when(in_the_middle)
        stop = told.edge(sleep=after(17, told, lambda: signal.raise_signal(signal.SIGINT)))
        ran = told.quietly(ASK, edge=stop)
        assert ran.exit_code == ExitCode.DETACHED
        assert ran.stderr.count("Still cleaning up") >= 2
        assert everything() == before


def test_ctrl_c_just_as_the_cleaning_up_begins() -> None:
    """Nothing has been undone yet, and nobody holds the signal off yet."""
    with shell(SMALL, instances=1) as told:
        before, moments = everything(), iter([signal.SIGINT])
        remove = FirstRun._remove

        def interrupted(run: FirstRun, maker: Maker) -> None:
            for sent in moments:
                signal.raise_signal(sent)
            remove(run, maker)

        with patch.object(FirstRun, "_remove", interrupted):
            ran = told.quietly(f"{ASK} --question fleet-stopped")
        assert ran.exit_code == ExitCode.DETACHED
        assert "answer: goes-on" in ran.stdout
        assert everything() == before


def test_a_fault_of_the_program_leaves_nothing_behind_either() -> None:
    with shell(SMALL, instances=1) as told:
        before = everything()

        def fail() -> None:
            raise RuntimeError("a fault")

        ran = told.quietly(ASK, edge=told.edge(sleep=after(17, told, fail)))
        assert ran.exit_code == ExitCode.FAILED
        assert "ecs-drainer itself failed: RuntimeError: a fault" in ran.stderr
        assert everything() == before


def test_what_aws_refuses_is_told_for_its_questions_and_the_others_are_answered(tmp_path: Path) -> None:
    with shell(SMALL, instances=1) as told:
        before = everything()
        denied = Fault("AccessDenied", "not authorized to create a group", 403)
        told.aws.requests.fail_when(lambda call: call.operation == "CreateAutoScalingGroup", denied)
        ran = told.quietly(f"{ASK} --report {tmp_path / 'r'}")
        assert ran.exit_code == ExitCode.OK
        found = {each["id"]: each for each in json.loads((tmp_path / "r").read_text())}
        assert found["fleet-stopped"]["answer"] == "goes-on"
        assert found["topic-body"]["answer"] == "unsettled"
        assert "not authorized to create a group" in found["topic-body"]["evidence"]["why"]
        assert f"2 of {len(QUESTIONS)} questions are settled." in ran.stdout
        assert everything() == before


def test_what_cannot_be_removed_is_named_and_the_rest_is_removed() -> None:
    with shell(SMALL, instances=1) as told:
        before = everything()
        denied = Fault("AuthorizationError", "not authorized to delete topics", 403)
        told.aws.requests.fail_when(lambda call: call.operation == "DeleteTopic", denied)
        ran = told.quietly(f"{ASK} --question topic-body")
        assert ran.exit_code == ExitCode.FAILED
        assert "topic-body: " in ran.stdout, "what was found is told all the same"
        assert "not authorized to delete topics" in ran.stderr
        assert "ecs-drainer doctor --first-run --clean-up" in ran.stderr
        assert [name for name, there in everything().items() if there != before[name]] == ["topics"]
        told.aws.requests.heal()
        assert told.quietly("doctor --first-run --clean-up --yes").exit_code == ExitCode.OK
        assert everything() == before


def test_a_clean_up_finds_by_the_tag_what_a_killed_run_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed: nothing runs at its end. Two runs, at different moments."""
    with shell(SMALL, instances=1) as told:
        before = everything()
        with monkeypatch.context() as patched:
            patched.setattr("cli.first_run.running.clean_up", lambda *_: [])
            for sleeps in (17, 150):
                stop = told.edge(sleep=after(sleeps, told, lambda: signal.raise_signal(signal.SIGINT)))
                told.quietly(ASK, edge=stop)
        assert len(everything()["groups"]) == len(before["groups"]) + 2
        asked = told.quietly("doctor --first-run --clean-up")
        assert asked.exit_code == ExitCode.REFUSED
        assert "Nobody is there to answer" in asked.stderr
        refused = told.quietly("doctor --first-run --clean-up", edge=told.edge(can_ask=True), answer="n\n")
        assert "Auto Scaling group ecs-drainer-first-run-" in refused.stderr
        assert "Nothing was removed" in refused.stderr
        assert told.quietly("doctor --first-run --clean-up --yes").exit_code == ExitCode.OK
        assert everything() == before
        assert "No first run has left anything" in told.quietly("doctor --first-run --clean-up").stdout


def test_what_others_named_alike_is_left_alone() -> None:
    """A name is not enough: what lacks the tag is somebody's own."""
    with shell(SMALL, instances=1) as told:
        sns = boto3.client("sns")
        sns.create_topic(Name="ecs-drainer-first-run-notes")
        sns.create_topic(
            Name="ecs-drainer-first-run-x", Tags=[{"Key": "ecs-drainer-first-run", "Value": "us-east-1/1"}]
        )
        (group,) = boto3.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        boto3.client("ecs").create_capacity_provider(
            name="throwaway-of-ecs-drainer-first-run-x-group",
            autoScalingGroupProvider={"autoScalingGroupArn": group["AutoScalingGroupARN"]},
        )
        before = everything()
        assert told.quietly("doctor --first-run --clean-up --yes").exit_code == ExitCode.OK
        assert everything() == before


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ("--with-a-throwaway-group", ExitCode.USAGE, "give --first-run as well"),
        ("--first-run --question drain-twice", ExitCode.USAGE, "did you mean draining-twice"),
        ("--first-run --report no/such/folder/r", ExitCode.USAGE, "expected a file in a folder that exists"),
        ("--first-run --with-a-throwaway-group", ExitCode.REFUSED, "give --yes"),
    ],
)
def test_what_is_refused_before_anything_is_asked(options: str, code: ExitCode, words: str) -> None:
    with shell(SMALL, instances=1) as told:
        before = everything()
        ran = told.quietly(f"doctor {options}")
        assert ran.exit_code == code
        assert words in ran.stderr
        assert everything() == before


def test_a_person_is_told_what_it_creates_and_costs_before_anything_is() -> None:
    with shell(SMALL, instances=1) as told:
        before = everything()
        edge = told.edge(can_ask=True)
        ran = told.quietly("doctor --first-run --with-a-throwaway-group", edge=edge, answer="n\n")
        assert ran.exit_code == ExitCode.REFUSED
        assert "creates an Auto Scaling group of 2 t3.micro" in ran.stderr
        assert "about $0.02" in ran.stderr
        assert "Nothing was created" in ran.stderr
        assert everything() == before
