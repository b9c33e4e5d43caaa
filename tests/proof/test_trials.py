"""A part of `make proof` that takes seconds; and runs that must break an invariant, so that the proof can fail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from embedded_aws.clients import client
from embedded_aws.requests import Fault
from proof import event_faults, faults, outages
from proof.event_faults import ALL, EventKind, EventPoint
from proof.faults import Kind
from proof.invariants import Case, broken
from proof.points import EVENTBRIDGE, MACHINE, Point, Site, points_of
from proof.running import clean, run, story_of
from proof.trials import Trial, judged, outages_of, trials_of
from stories.stage import Stage

pytestmark = pytest.mark.slow

ORDINARY = "three-service-tasks"
"""The cheapest: a run takes half a second."""
TRIALS = 18
SEED = 20261201


def sampled() -> Iterator[Trial]:
    """Yield trials of the ordinary drain: of every kind of fault at least one."""
    drawn = random.Random(SEED)  # noqa: S311  # the same sample in every run, no secret
    trials = trials_of(ORDINARY)
    kinds = sorted({(trial.section, trial.kind) for trial in trials})
    for kind in kinds:
        yield drawn.choice([trial for trial in trials if (trial.section, trial.kind) == kind])
    yield from drawn.sample(trials, TRIALS - len(kinds))


def test_an_ordinary_drain_survives_a_fault_of_every_kind() -> None:
    for trial in sampled():
        result = judged(trial)
        assert result.broken == () or result.expected, trial.key


@pytest.mark.parametrize(
    ("scenario", "service"),
    [
        (ORDINARY, "ecs"),
        (ORDINARY, "dynamodb"),
        (ORDINARY, "lambda"),
        ("manual-drain-then-terminate", "autoscaling"),
        ("spot-interruption", "ecs"),
        ("warm-pool-return", "lambda"),
    ],
)
def test_a_drain_survives_ten_minutes_without_a_service(scenario: str, service: str) -> None:
    """By hand: it is tried until it can be done. Spot: the action begins later. Warm pool: a second action follows."""
    (trial,) = [each for each in outages_of(scenario) if each.point == (service, 10)]
    result = judged(trial)
    assert result.broken == ()
    assert result.struck > 0


def test_a_clean_run_breaks_nothing() -> None:
    records, came = clean(ORDINARY)
    assert broken(records, Case(came)) == ()
    assert came.outcomes[0][1] == "drained"


def _judge(fault: Any, **case: Any) -> tuple[str, ...]:
    return broken(run(story_of(ORDINARY), fault), Case(clean(ORDINARY)[1], **case))


def without_a_reconciler(_stage: Stage) -> list[Any]:
    """The lifecycle event is lost, and nobody looks for instances that wait."""
    client("events").disable_rule(Name="ecs-drainer-dev-reconcile-event")
    return event_faults.befall(EventPoint("EC2 Instance-terminate Lifecycle Action", ALL), EventKind.LOST)


def test_a_lost_event_that_nobody_looks_for_breaks_what_it_should() -> None:
    """So the invariant can fail: without the reconciler the instance waits for the hook's own timer."""
    found = _judge(without_a_reconciler)
    assert any("no instance waits alone" in line for line in found)
    assert any("every drain ends" in line for line in found)


def completed_by_a_person(stage: Stage) -> list[Any]:
    """Our own role completes the action while the tasks still serve, as six of eight published drainers do."""
    stage.aws.clock.call_later(60, partial(_complete, stage), "an early CONTINUE")
    return []


def _complete(stage: Stage) -> None:
    from embedded_aws.requests import acting_as  # noqa: PLC0415  # as one of our functions

    with acting_as("arn:aws:iam::123456789012:role/ecs-drainer-dev-look", "look"):
        client("autoscaling").complete_lifecycle_action(
            AutoScalingGroupName="web-ecs",
            LifecycleHookName="ecs-drain",
            InstanceId=stage.doomed,
            LifecycleActionResult="CONTINUE",
        )


def test_an_early_continue_breaks_what_it_should() -> None:
    assert any("continue is never early" in line for line in _judge(completed_by_a_person))


def test_the_calls_are_those_of_the_drain_by_who_asks_for_what() -> None:
    points = points_of(clean(ORDINARY)[0].calls)
    assert Point(Site("look", "ecs", "DescribeTasks"), 1) in points
    assert Point(Site(MACHINE, "lambda", "Invoke", "look"), 2) in points
    assert Point(Site(MACHINE, "autoscaling", "CompleteLifecycleAction"), 1) in points
    assert Point(Site(EVENTBRIDGE, "sqs", "SendMessage", "ecs-events"), 3) in points
    assert max(point.occurrence for point in points) == 3


@pytest.mark.parametrize(
    ("kind", "took_effect"),
    [(Kind.ANSWER_LOST, True), (Kind.TIMED_OUT, False), (Kind.CRASHED, True), (Kind.DENIED, False)],
)
def test_a_fault_strikes_the_call_that_is_meant(kind: Kind, took_effect: bool) -> None:
    point = Point(Site("look", "ecs", "ListTasks"), 2)
    records = run(story_of(ORDINARY), lambda stage: faults.befall(stage, point, kind).struck)
    first = records.struck[0]
    assert (first.operation, first.took_effect) == ("ListTasks", took_effect)
    asked = [call for call in records.calls if call.operation == "ListTasks"]
    assert asked.index(first) == 1


def test_a_fault_of_a_minute_strikes_the_operation_for_a_minute() -> None:
    point = Point(Site("wake", "dynamodb", "UpdateItem"), 1)
    records = run(story_of(ORDINARY), lambda stage: faults.befall(stage, point, Kind.FAILED_A_MINUTE).struck)
    times = [call.at - records.struck[0].at for call in records.struck]
    assert len(times) > 1
    assert max(times) < faults.A_MINUTE


@pytest.mark.parametrize("service", outages.SERVICES)
def test_every_outage_is_of_a_service_whose_words_are_known(service: str) -> None:
    assert isinstance(outages._fault(service), Fault)
    assert service in outages.IN_WORDS


def test_whoever_is_asked_can_answer_with_every_fault() -> None:
    for service in faults.FAILURES:
        for kind in faults.kinds_for(Site("look", service, "Anything")):
            fault = faults.fault_for(Site("look", service, "Anything"), kind)
            assert replace(fault, code="x").status in (400, 403, 429, 500, 503)
