"""How a drain ended, in words: what became of its instance, and of the tasks that were left on it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENDINGS = {
    "drained": "drained: every task is STOPPED",
    "nothing-to-drain": "let go: no cluster knows it",
    "agent-lost": "let go: its agent stayed disconnected",
    "deadline": "let go at the deadline with tasks left",
    "abandoned": "abandoned at the deadline with tasks left",
    "taken-back": "set ACTIVE by somebody; the drain stopped",
    "undrained": "ACTIVE again: the deadline passed",
    "kept": "still DRAINING: the deadline passed",
    "gates-closed": "not drained: its gates stayed closed; nothing was touched",
    "already-done": "no longer held: its lifecycle action had ended already",
}

UNANSWERED = {
    "nothing-to-drain": "not drained: no cluster knows it",
    "agent-lost": "still DRAINING: its agent stayed disconnected",
    "deadline": "out of time: EC2 takes it with tasks left",
}
"""How drains end that no lifecycle action triggered: nobody is told to let the instance go."""

AFTERWARDS = {
    "keep": "drained, and left DRAINING: every task is STOPPED",
    "terminate": "drained: every task is STOPPED; its group is asked to terminate it",
    "return": "drained, and ACTIVE again: every task was STOPPED",
}

WITH_TASKS_LEFT = {
    "keep": "drained, and left DRAINING: every task that held it is STOPPED",
    "terminate": "drained; its group is asked to terminate it",
    "return": "drained, and ACTIVE again: every task that held it was STOPPED",
}
"""The same where tasks are left that the policy does not wait for."""

GONE = "gone before it was drained"


def ending(state: Mapping[str, Any]) -> str:
    """Return in some words how a drain ended, given the machine's whole state."""
    if cancelled := state.get("cancelled"):
        return f"drain cancelled, {cancelled['fate']}"
    outcome = str(state["outcome"]["name"])
    if outcome == "drained":
        return _of_a_drained(state)
    words = ENDINGS.get(outcome, outcome)
    return words if state["lifecycle_action"] else UNANSWERED.get(outcome, words)


def _of_a_drained(state: Mapping[str, Any]) -> str:
    look, has_answer = state["look"], bool(state["lifecycle_action"])
    if look["memory"].get("is_gone") and (tasks_alive(look) or not look["gates"]["is_passed"]):
        return GONE
    if tasks_alive(look):
        held = "drained: every task that held it is STOPPED"
        return held if has_answer else WITH_TASKS_LEFT[str(state["drain"]["policy"]["then"])]
    return ENDINGS["drained"] if has_answer else AFTERWARDS[str(state["drain"]["policy"]["then"])]


def tasks_alive(look: Mapping[str, Any]) -> int:
    """Return how many tasks were not STOPPED at the last look, waited for or not.

    Where the instance went in between: how many were not at the look before that.
    """
    memory = look["memory"]
    lost = int(memory.get("lost", 0))
    return lost if memory.get("is_gone") else max(look["holding"], len(memory["tasks"])) + lost
