"""Turns whatever a trigger delivers into requests to drain, or into reasons why nothing is to be drained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.wording import did_you_mean, one_of
from chalicelib.events.autoscaling import is_hook_message, parse_hook_message, parse_launch
from chalicelib.events.ec2 import parse_rebalance_recommendation, parse_spot_interruption
from chalicelib.events.envelope import messages
from chalicelib.events.fields import Fields
from chalicelib.events.health import parse_health_event
from chalicelib.events.request import Outcome

Parser = Callable[[Mapping[str, Any]], tuple[Outcome, ...]]


def parse_event(event: object) -> tuple[Outcome, ...]:
    """Return what each message of an event asks for: a `DrainRequest` or an `Ignored` with its reason.

    Takes EventBridge events, SNS and SQS records, dead-lettered invocations, and the bare body of a lifecycle
    hook's message. Raises InvalidEvent when a message can't be read; its `understood` holds the others.
    """
    understood: list[Outcome] = []
    refusals: list[InvalidEvent] = []
    for message in messages(event):
        try:
            understood += _outcomes(message)
        except InvalidEvent as refusal:
            refusals.append(refusal)
    if refusals:
        raise InvalidEvent("; ".join(map(str, refusals)), tuple(understood))
    return tuple(understood)


def _outcomes(message: Mapping[str, Any] | InvalidEvent) -> tuple[Outcome, ...]:
    if isinstance(message, InvalidEvent):
        raise message
    if "detail-type" in message:
        return _parser(message)(message)
    if is_hook_message(message):
        return (parse_hook_message(message),)
    has = f"has only {', '.join(sorted(map(str, message))[:10])}" if message else "is empty"
    raise InvalidEvent(f"the event {has[:200]}: expected detail-type, Records or a lifecycle hook's message")


def _parser(event: Mapping[str, Any]) -> Parser:
    kind = KINDS.get(str(event["detail-type"]))
    if kind is None:
        word = str(event["detail-type"])
        expected = f"{one_of(KINDS)}{did_you_mean(word, KINDS)}"
        raise Fields(event, "the event", InvalidEvent).refusal("detail-type", expected)
    return kind.parse


def _hook_event(event: Mapping[str, Any]) -> tuple[Outcome, ...]:
    envelope = Fields(event, "the event", InvalidEvent)
    return (parse_hook_message(envelope.mapping("detail", "the lifecycle hook's message")),)


def _launch_event(event: Mapping[str, Any]) -> tuple[Outcome, ...]:
    envelope = Fields(event, "the event", InvalidEvent)
    return (parse_launch(envelope.mapping("detail", "the launch")),)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event that EventBridge delivers."""

    source: str
    parse: Parser
    starts: bool = True
    """Whether it may start a drain, so that the rule of `start_drain` selects it."""


KINDS: Mapping[str, Kind] = {
    "EC2 Instance-terminate Lifecycle Action": Kind("aws.autoscaling", _hook_event),
    "EC2 Instance-launch Lifecycle Action": Kind("aws.autoscaling", _hook_event, starts=False),
    "EC2 Instance Launch Successful": Kind("aws.autoscaling", _launch_event, starts=False),
    "EC2 Spot Instance Interruption Warning": Kind(
        "aws.ec2", lambda event: (parse_spot_interruption(event),)
    ),
    "EC2 Instance Rebalance Recommendation": Kind(
        "aws.ec2", lambda event: (parse_rebalance_recommendation(event),)
    ),
    "AWS Health Event": Kind("aws.health", parse_health_event),
}
"""By `detail-type`. Which of them start a drain is decided where the group's tags are known: in the plan."""


def pattern_of_starts() -> dict[str, Any]:
    """Return the event pattern that selects what may start a drain, for the rule of `start_drain`."""
    starting = {name: kind for name, kind in KINDS.items() if kind.starts}
    sources = list(dict.fromkeys(kind.source for kind in starting.values()))
    return {"source": sources, "detail-type": list(starting)}
