"""What a service's event log proves, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.common.services import ServiceEvent
from chalicelib.explain.blocker import BlockerKind
from chalicelib.explain.deployments import kind_of, signs
from docs.gallery.worlds import NOW, a_service

NO_PLACE = (
    "(service api) was unable to place a task because no container instance met all of its requirements. "
)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (
            NO_PLACE + "The closest matching (container-instance x) has insufficient CPU units available.",
            "no-cpu",
        ),
        (
            NO_PLACE + "The closest matching (container-instance x) has insufficient memory available.",
            "no-memory",
        ),
        (NO_PLACE + "The closest matching x is already using a port required by your task.", "no-port"),
        (NO_PLACE + 'The closest matching x encountered error "RESOURCE:ENI".', "no-eni"),
        (NO_PLACE + 'The closest matching x encountered error "AGENT".', "no-other-instance"),
        (
            NO_PLACE + "The closest matching x is missing an attribute required by your task.",
            "missing-attribute",
        ),
        ("(service api) is unable to consistently start tasks successfully.", "start-impaired"),
        (
            "(service api) (task 0a) (instance i-0b) (port 80) is unhealthy in (target-group api) due to "
            "(reason Health checks failed)",
            "unhealthy-replacement",
        ),
        ("(service api) deployment failed: tasks failed to start.", "deployment-failed"),
        (
            "(service api) was unable to stop or start tasks during a deployment because of the service "
            "deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.",
            "deadlock",
        ),
        ("(service api) has started 1 tasks: (task 0a).", None),
        ("(service api) has reached a steady state.", None),
    ],
)
def test_a_message_names_its_cause(message: str, kind: str | None) -> None:
    assert kind_of(message) == (None if kind is None else BlockerKind(kind))


NO_CPU = NO_PLACE + "The closest matching (container-instance x) has insufficient CPU units available."
STEADY = "(service api) has reached a steady state."


def at(hours: float, message: str) -> ServiceEvent:
    return ServiceEvent(NOW - timedelta(hours=hours), message)


@pytest.mark.parametrize(
    ("story", "events", "kinds"),
    [
        ("it holds while the service says nothing else", [at(0.1, NO_CPU)], [BlockerKind.NO_CPU]),
        (
            "ECS repeats a message after six hours, so one of five may hold",
            [at(5, NO_CPU)],
            [BlockerKind.NO_CPU],
        ),
        ("one of seven hours would have been repeated", [at(7, NO_CPU)], []),
        ("a steady state afterwards ends it", [at(0.1, STEADY), at(0.2, NO_CPU)], []),
        ("a steady state before doesn't", [at(0.1, NO_CPU), at(0.2, STEADY)], [BlockerKind.NO_CPU]),
        ("the order of the log doesn't matter", [at(0.2, NO_CPU), at(0.1, STEADY)], []),
        ("a cause is told once", [at(0.1, NO_CPU), at(0.2, NO_CPU)], [BlockerKind.NO_CPU]),
    ],
)
def test_how_long_a_message_holds(story: str, events: list[ServiceEvent], kinds: list[BlockerKind]) -> None:
    assert [sign.kind for sign in signs(a_service(events=tuple(events)), NOW)] == kinds, story
