"""What happens at a drain's deadline: what `What is to happen at the deadline?` will decide, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.duration import in_words
from chalicelib.common.model import instant, stamp
from chalicelib.policy import OnClosedGates, OnDeadline
from chalicelib.policy.deadline import gates_forced_at

GIVE_UP = OnClosedGates.GIVE_UP.value


def action(state: Mapping[str, Any]) -> str:
    """Return in a word what is done once DRAINING is set, given the machine's whole state.

    `continue` where nobody waits for the instance, neither a lifecycle action nor EC2 itself, is `keep`.
    """
    asked = str(state["deadline"]["action"])
    is_waited_for = state.get("lifecycle_action") or state["drain"].get("gone_at")
    return OnDeadline.KEEP.value if asked == OnDeadline.CONTINUE and not is_waited_for else asked


def record(state: Mapping[str, Any]) -> dict[str, str]:
    """Return instant and action for programs; `give-up` while gates are closed that nothing forces."""
    gives_up = _is_gated(state) and state["drain"]["policy"]["on_closed_gates"] == GIVE_UP
    return {"at": state["deadline"]["at"], "action": GIVE_UP if gives_up else action(state)}


def told(state: Mapping[str, Any], at: datetime) -> str:
    """Return the deadline for people: when, how far off that is, and what is done then."""
    deadline_at = instant(state["deadline"]["at"])
    left = f"{in_words(deadline_at - at)} left" if deadline_at > at else "passed"
    return f"deadline {state['deadline']['at']} ({left}){_then(state, deadline_at)}"


def _then(state: Mapping[str, Any], deadline_at: datetime) -> str:
    if not _is_gated(state):
        return f", then {action(state)}"
    if state["drain"]["policy"]["on_closed_gates"] == GIVE_UP:
        return ", then it is given up, nothing touched"
    forced_at = gates_forced_at(instant(state["drain"]["started_at"]), deadline_at)
    return f"; at {stamp(forced_at)} it is drained all the same"


def _is_gated(state: Mapping[str, Any]) -> bool:
    return not state.get("look", {}).get("gates", {}).get("is_passed", True)
