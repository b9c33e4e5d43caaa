"""What is told of a drain that goes on, but lacks something for longer than its retries last. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.tell import at_deadline

TROUBLED = frozenset({"troubled", "heartbeat-refused"})
"""The occasions of a drain that goes on, but lacks something for longer than its retries last."""


def lines(occasion: str, state: Mapping[str, Any], at: datetime) -> list[str]:
    """Return what fails again and again, while there is time to mend it, and what happens meanwhile."""
    if occasion == "troubled":
        return [
            f"the drain is held up: {state['trouble']['Error']}; {at_deadline.told(state, at)}",
            f"Cause: {state['trouble'].get('Cause') or 'none was given'}",
            "It is tried again until the deadline, with heartbeats meanwhile; nothing is let go.",
        ]
    return [
        f"Auto Scaling refuses its heartbeat: {state['heartbeat_trouble']['Error']}; {at_deadline.told(state, at)}",
        f"Cause: {state['heartbeat_trouble'].get('Cause') or 'none was given'}",
        "The drain goes on and tries again every half minute; unless that is mended before the hook's heartbeat "
        "timeout is over, Auto Scaling takes the instance with what is left on it. To allow the call, compare the "
        "role of the state machine with statemachine/template.yaml; `ecs-drainer doctor` names what it lacks.",
    ]
