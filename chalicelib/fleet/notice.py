"""What people and programs are told when a fleet has ended. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.explain.words import count, some
from chalicelib.model import stamp
from chalicelib.notice import ENDINGS, Notice, console_link

WELL_ENDED = frozenset({"drained", "nothing-to-drain", "already-done", "returned", "terminated"})
"""The outcomes of a drain after which nobody needs to look."""

NOT_BEGUN = "not-begun"
ALREADY_OPEN = "already-open"
GIVEN_BACK, GOES_ON, CANCELLED, KEPT = "given-back", "goes-on", "cancelled", "left-draining"
"""What becomes of the instances of a fleet that is cancelled, beside those whose drain has ended."""

WORDS = {
    **ENDINGS,
    NOT_BEGUN: "not begun: too many had failed",
    "failed": "failed",
    ALREADY_OPEN: "left to another drain, which had it already",
    GIVEN_BACK: "not begun: the fleet was cancelled",
    GOES_ON: "left to its own drain",
    CANCELLED: "cancelled, and ACTIVE again",
    KEPT: "not begun, and left DRAINING: Auto Scaling or another drain has it",
}


def outcome_of(results: Sequence[Mapping[str, Any]]) -> str:
    """Return how a fleet ended: `drained`, `stopped` where drains were not begun, else `incomplete`."""
    outcomes = {result["outcome"] for result in results}
    if NOT_BEGUN in outcomes:
        return "stopped"
    return "drained" if outcomes <= WELL_ENDED else "incomplete"


def compose(state: Mapping[str, Any], execution: str, at: datetime) -> Notice:
    """Return the notice about a fleet's end: how many ended how, and each instance that needs somebody.

    With `cancelled` in the state (who, why) a person ended the fleet.
    """
    fleet, results, cancelled = state["fleet"], state["results"], state.get("cancelled")
    outcome = CANCELLED if cancelled else outcome_of(results)
    tally = Counter(result["outcome"] for result in results)
    good = sum(number for name, number in tally.items() if name in WELL_ENDED)
    told = "cancelled, " if cancelled else ""
    headline = f"fleet {fleet['name']}: {told}{good} of {count(len(results), 'instance')} drained"
    lines = [f"{headline}; asked for by {fleet['who']}, reason {fleet['reason']}"]
    lines += [f"Cancelled by {cancelled['who']}, reason {cancelled['why']}"] if cancelled else []
    for name in sorted(tally.keys() - WELL_ENDED):
        ids = [result["instance_id"] for result in results if result["outcome"] == name]
        lines.append(f"{WORDS.get(name, name)}: {some(ids, 20)}")
    text = "\n".join([*lines, *fleet["notices"], f"Execution: {console_link(execution)}"])
    record = {
        "occasion": "fleet-ended",
        "at": stamp(at),
        "execution": execution,
        "fleet": fleet["name"],
        "who": fleet["who"],
        "reason": fleet["reason"],
        "outcome": outcome,
        "instances": {result["instance_id"]: result["outcome"] for result in results},
    }
    return Notice(f"ecs-drainer: {headline}", text, record)
