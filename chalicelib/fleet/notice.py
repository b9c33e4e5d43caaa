"""What people and programs are told when a fleet has ended. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.common.model import stamp
from chalicelib.common.tracing import FIELD, trace_id
from chalicelib.explain.words import count, some
from chalicelib.tell.bodies import Notice
from chalicelib.tell.notice import ENDINGS, console_link
from chalicelib.tell.occasions import severity_of

WELL_ENDED = frozenset({"drained", "nothing-to-drain", "already-done", "returned", "terminated"})
"""The outcomes of a drain after which nobody needs to look."""

NOT_BEGUN = "not-begun"
ALREADY_OPEN = "already-open"
GIVEN_BACK, GOES_ON, CANCELLED, KEPT = "given-back", "goes-on", "cancelled", "left-draining"
"""What becomes of the instances of a fleet that is cancelled, beside those whose drain has ended."""

NAMED = 20
"""Instances in a line, and lines of troubles."""

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

    With `failure` in the state (Error, Cause) the fleet failed; with `cancelled` (who, why) a person ended it.
    """
    fleet, results, cancelled = state["fleet"], state["results"], state.get("cancelled")
    told = "cancelled, " if cancelled else ""
    good = sum(result["outcome"] in WELL_ENDED for result in results)
    headline = f"fleet {fleet['name']}: {told}{good} of {count(len(results), 'instance')} drained"
    failure = state.get("failure")
    first = f"The fleet {fleet['name']} failed: {_in_words(failure, '. ')}" if failure else headline
    lines = [f"{first}; asked for by {fleet['who']}, reason {fleet['reason']}"]
    lines += [f"Cancelled by {cancelled['who']}, reason {cancelled['why']}"] if cancelled else []
    lines += [*_of_instances(results, has_failed=bool(failure)), *fleet["notices"]]
    if unrecorded := state.get("unrecorded"):
        lines.append(
            f"The ledger could not be written, and may show the fleet as open: {_in_words(unrecorded)}"
        )
    text = "\n".join([*lines, f"Execution: {console_link(execution)}"])
    subject = "a fleet failed" if failure else headline
    return Notice(f"ecs-drainer: {subject}", text, _record(state, execution, at))


def _in_words(failure: Mapping[str, Any], between: str = ": ") -> str:
    return f"{failure['Error']}{between}{failure.get('Cause') or 'no cause was given'}"


def _of_instances(results: Sequence[Mapping[str, Any]], *, has_failed: bool) -> Iterator[str]:
    """Yield a line for each ending that needs somebody, and one for each instance with which something went wrong."""
    for name in sorted({result["outcome"] for result in results} - WELL_ENDED):
        ids = [result["instance_id"] for result in results if result["outcome"] == name]
        words = "not begun" if has_failed and name == NOT_BEGUN else WORDS.get(name, name)
        yield f"{words}: {some(ids, NAMED)}"
    troubled = [result for result in results if result.get("trouble")]
    yield from (f"{result['instance_id']}: {result['trouble']}" for result in troubled[:NAMED])
    if len(troubled) > NAMED:
        yield f"and {count(len(troubled) - NAMED, 'instance')} more with trouble, which the ledger's entry names"


def _record(state: Mapping[str, Any], execution: str, at: datetime) -> dict[str, Any]:
    """Return the same for programs."""
    fleet, results, failure = state["fleet"], state["results"], state.get("failure")
    outcome = CANCELLED if state.get("cancelled") else "failed" if failure else outcome_of(results)
    occasion = "fleet-failed" if failure else "fleet-ended"
    return {
        "occasion": occasion,
        "event": occasion,
        "severity": severity_of(occasion, None, outcome),
        "at": stamp(at),
        "execution": execution,
        FIELD: trace_id(execution),
        "fleet": fleet["name"],
        "who": fleet["who"],
        "reason": fleet["reason"],
        "outcome": outcome,
        "instances": {result["instance_id"]: result["outcome"] for result in results},
        **({"failure": failure} if failure else {}),
    }
