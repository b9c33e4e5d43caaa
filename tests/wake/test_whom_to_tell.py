"""Whom a batch of events concerns, whether it is told, and what."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.common.model import ContainerInstance
from chalicelib.wake import (
    EMPTIED,
    INSTANCE,
    SERVICE,
    Heard,
    ServiceTrouble,
    Waiting,
    by_instance,
    by_service,
    newest,
    output,
    read_letters,
    why,
)
from tests.builders import CLUSTER, INSTANCE_ARN, START, after, task_arn
from tests.wake.letters import OTHER_INSTANCE, batch, instance_event, placement_failed, stopped

TROUBLE = ServiceTrouble(CLUSTER, "api", "SERVICE_TASK_PLACEMENT_FAILURE", "RESOURCE:CPU")


def a_row(*tasks: int, **fields: Any) -> Waiting:
    """Return the row of an execution that waits, with its instance DRAINING and its agent connected."""
    given: dict[str, Any] = {"token": "AQAB", "status": "DRAINING", "agent": "connected", **fields}
    names = frozenset(map(task_arn, tasks))
    return Waiting(instance=INSTANCE_ARN, execution="arn:x", cluster=CLUSTER, tasks=names, **given)


def a_view(
    status: str = "DRAINING", agent: bool = True, version: int = 20, **counts: Any
) -> ContainerInstance:
    return ContainerInstance(
        INSTANCE_ARN, cluster=CLUSTER, status=status, agent_connected=agent, version=version, **counts
    )


def test_a_hundred_events_of_an_instance_are_one_write() -> None:
    """Doubled ones are one; of its own events the newest counts, in whatever order they came."""
    early, late = "2026-03-02T10:00:01.9Z", "2026-03-02T10:00:07Z"
    events = [
        stopped(1, stoppedAt=late),
        instance_event(21),
        stopped(2, stoppedAt=early),
        stopped(1, stoppedAt=late),
        instance_event(20),
        stopped(3, OTHER_INSTANCE),
        "no event",
    ]
    first, second = by_instance(read_letters(batch(*events)))
    assert (first.instance, set(first.tasks)) == (INSTANCE_ARN, {task_arn(1), task_arn(2)})
    assert (first.stopped_at, set(first.letters)) == (after(seconds=7), {"m1", "m2", "m3", "m4", "m5"})
    assert first.change is not None
    assert first.change.version == 21
    assert (second.instance, second.change, set(second.letters)) == (OTHER_INSTANCE, None, {"m6"})


def test_a_trouble_that_comes_twice_is_one() -> None:
    events = [placement_failed(), placement_failed("AGENT"), placement_failed()]
    cpu, agent = by_service(read_letters(batch(*events)))
    assert (cpu.trouble, set(cpu.letters), cpu.is_again) == (TROUBLE, {"m1", "m3"}, False)
    assert agent.trouble.reason == "AGENT"
    (again,) = by_service(read_letters(batch(placement_failed(), deliveries=2)))
    assert again.is_again


@pytest.mark.parametrize(
    ("story", "heard", "reason"),
    [
        ("the last task is STOPPED", Heard(a_row(), has_stops=True), EMPTIED),
        ("one is left", Heard(a_row(2), has_stops=True), None),
        ("nobody waits", Heard(a_row(token=None), has_stops=True), None),
        ("nothing is left, and no task has stopped", Heard(a_row()), None),
        ("the agent is away", Heard(a_row(2), change=a_view(agent=False)), INSTANCE),
        ("set ACTIVE again", Heard(a_row(2), change=a_view("ACTIVE")), INSTANCE),
        ("what is left on it changed", Heard(a_row(2), change=a_view()), None),
        (
            "away and back before the execution saw it",
            Heard(a_row(2, agent="disconnected"), change=a_view()),
            INSTANCE,
        ),
        (
            "empty, and set ACTIVE",
            Heard(a_row(), has_stops=True, change=a_view("ACTIVE")),
            EMPTIED,
        ),
        ("a service finds no place", Heard(a_row(2), troubles=(TROUBLE,)), SERVICE),
    ],
)
def test_an_execution_is_told_what_matters_and_nothing_else(
    story: str, heard: Heard, reason: str | None
) -> None:
    assert why(heard) == reason, story


def test_an_event_of_what_is_over_is_not_told() -> None:
    """ACTIVE from just before the drain comes late: described, the instance is DRAINING as the execution saw it."""
    late = Heard(a_row(2), change=a_view("ACTIVE", version=3))
    assert why(late, a_view(version=4)) is None
    assert why(late, a_view("ACTIVE", version=4)) == INSTANCE


def test_a_description_older_than_the_event_does_not_count() -> None:
    """What ECS describes is eventually consistent; one that is MISSING has no version and is over."""
    event = a_view("ACTIVE", version=9)
    assert newest(a_view(version=8), event) == event
    assert newest(a_view(version=9), event) == a_view(version=9)
    assert newest(a_view(version=8), None) == a_view(version=8)
    missing = a_view("MISSING", agent=False, version=0)
    assert newest(missing, event) == missing


def test_of_several_writes_to_a_row_the_last_says_whether_a_task_is_left() -> None:
    """Between two the execution may have looked, seen a task that no event named, and waited anew."""
    first = Heard(a_row(), has_stops=True, stopped_at=START, letters=frozenset({"m1"}))
    then = Heard(a_row(7, token="new"), troubles=(TROUBLE,), letters=frozenset({"m2"}))
    both = first.and_also(then)
    assert (why(first), why(both), set(both.letters)) == (EMPTIED, SERVICE, {"m1", "m2"})
    assert (both.stopped_at, both.row.token) == (START, "new")


def test_an_execution_is_given_what_was_seen() -> None:
    heard = Heard(a_row(events=5), has_stops=True, stopped_at=after(seconds=7), troubles=(TROUBLE,))
    told = output(EMPTIED, heard, a_view(running_tasks=0, pending_tasks=0), after(seconds=9))
    assert told == {
        "why": "emptied",
        "events": 5,
        "looks": 0,
        "read_at": "2026-03-02T10:00:09Z",
        "stopped_at": "2026-03-02T10:00:07Z",
        "instance": {
            "arn": INSTANCE_ARN,
            "cluster": CLUSTER,
            "status": "DRAINING",
            "agent_connected": True,
            "running": 0,
            "pending": 0,
        },
        "services": [{"service": "api", "event": "SERVICE_TASK_PLACEMENT_FAILURE", "reason": "RESOURCE:CPU"}],
    }
    nothing = output(SERVICE, Heard(a_row()), None, START)
    assert (nothing["stopped_at"], nothing["instance"], nothing["services"]) == (None, None, [])


def test_services_are_known_by_name_or_arn() -> None:
    row = a_row(services=frozenset({"web", "arn:aws:ecs:eu-west-1:123456789012:service/web/api"}))
    assert row.has_service("api")
    assert row.has_service("web")
    assert not row.has_service("pi")
