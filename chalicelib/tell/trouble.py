"""What is told of a drain that goes on, but lacks something for longer than its retries last. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.history import message_of
from chalicelib.tell import at_deadline

TROUBLED = frozenset({"troubled", "heartbeat-refused"})
"""The occasions of a drain that goes on, but lacks something for longer than its retries last."""


def in_plain_words(error: Mapping[str, Any] | None) -> dict[str, str]:
    """Return an error as Step Functions caught it, without the JSON and the stack trace that Lambda gives as Cause."""
    caught = error or {}
    cause = message_of(str(caught.get("Cause") or ""))
    return {"Error": str(caught.get("Error") or "unknown error"), "Cause": cause or "none was given"}


def lines(occasion: str, state: Mapping[str, Any], at: datetime) -> list[str]:
    """Return what fails again and again, while there is time to mend it, and what happens meanwhile."""
    if occasion == "troubled":
        trouble = in_plain_words(state["trouble"])
        return [
            f"the drain is held up: {trouble['Error']}; {at_deadline.told(state, at)}",
            f"Cause: {trouble['Cause']}",
            "It is tried again until the deadline, with heartbeats meanwhile; nothing is let go.",
        ]
    refusal = in_plain_words(state["heartbeat_trouble"])
    return [
        f"Auto Scaling refuses its heartbeat: {refusal['Error']}; {at_deadline.told(state, at)}",
        f"Cause: {refusal['Cause']}",
        "The drain goes on and tries again every half minute; unless that is mended before the hook's heartbeat "
        "timeout is over, Auto Scaling takes the instance with what is left on it. To allow the call, compare the "
        "role of the state machine with statemachine/template.yaml; `ecs-drainer doctor` names what it lacks.",
    ]
