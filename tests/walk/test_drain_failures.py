"""Each call that the drain's machine makes x each kind of failure → what becomes of the drain: once, and for good.

`as ever`: it ends as if nothing had failed, and says what it could not do. `failed`: recorded, then told, the lifecycle
action left to the hook; `told only` where there was no entry in the ledger yet, or none any more.
"""

from __future__ import annotations

import pytest

from statemachine.checks.machine import all_states
from tests.walk.a_drain import DRAIN
from tests.walk.drain_failures import STORY_OF, became, broken_promises, for_good, kinds_of, once

PASSING = ("throttled", "5xx", "time-out", "crash", "function's time-out", "a bug of ours")
REFUSED = ("denied", "refused by us", "failed expression")
ANY = (*PASSING, *REFUSED)
EVER = "as ever"
FAILED = "failed"
TOLD = "failed, told only"
ALARM = "The outcome was not told: drained"
OVER_ALREADY = "Done: already-done"

Rows = list[tuple[tuple[str, ...], str, str]]
NOT_OPEN: Rows = [(ANY, EVER, TOLD)]
TABLE: dict[str, Rows] = {
    "Plan the drain": [(PASSING, EVER, TOLD), ((*REFUSED, "gone"), TOLD, TOLD)],
    "Open the ledger entry": NOT_OPEN,
    "Read the open drain": NOT_OPEN,
    "Look at the open execution": [*NOT_OPEN, (("gone",), EVER, EVER)],
    "Stop the open execution": [*NOT_OPEN, (("gone",), EVER, TOLD)],
    "Close the record of the other drain": NOT_OPEN,
    "Update the container instances": [(ANY, EVER, FAILED), (("gone",), EVER, EVER)],
    "Tell": [((*ANY, "gone"), EVER, ALARM)],
    "Look": [(PASSING, EVER, FAILED), ((*REFUSED, "gone"), FAILED, FAILED)],
    "Wait for events": [((*ANY, "gone"), EVER, EVER)],
    "Record a heartbeat": [(ANY, EVER, "as ever, heartbeat-refused"), (("gone",), EVER, OVER_ALREADY)],
    "Explain": [((*ANY, "gone"), EVER, EVER)],
    "Stop tasks": [(PASSING, EVER, FAILED), ((*REFUSED, "gone"), FAILED, FAILED)],
    "Reactivate": [(ANY, EVER, FAILED), (("gone",), EVER, EVER)],
    "Deregister the container instance": [
        (PASSING, EVER, "as ever, troubled, left_behind"),
        (REFUSED, EVER, "as ever, left_behind"),
        (("gone",), EVER, EVER),
    ],
    "Complete the lifecycle action": [
        (PASSING, EVER, FAILED),
        (REFUSED, FAILED, FAILED),
        (("gone",), OVER_ALREADY, OVER_ALREADY),
    ],
    "Close the ledger entry": [(ANY, EVER, "as ever, unrecorded"), (("gone",), EVER, EVER)],
    "Free a slot": [((*ANY, "gone"), EVER, EVER)],
    "Terminate the instance": [(ANY, EVER, TOLD), (("gone",), EVER, EVER)],
}
CASES = [
    pytest.param(state, kind, *outcomes, id=f"{state} x {kind}")
    for state, rows in TABLE.items()
    for kinds, *outcomes in rows
    for kind in kinds
    if kind in kinds_of(state)
]


def test_the_table_is_complete() -> None:
    """Each Task of the machine, with each kind of failure that its call may meet, once."""
    assert set(TABLE) == {state.name for state in all_states(DRAIN) if state.type == "Task"} == set(STORY_OF)
    told = [(each.values[0], each.values[1]) for each in CASES]
    assert sorted(told, key=str) == sorted(((s, k) for s in STORY_OF for k in kinds_of(s)), key=str)


@pytest.mark.parametrize(("state", "kind", "after_one", "after_all"), CASES)
def test_what_becomes_of_a_failure(state: str, kind: str, after_one: str, after_all: str) -> None:
    undisturbed = STORY_OF[state].walked()
    for found, outcome in ((once(state, kind), after_one), (for_good(state, kind), after_all)):
        assert became(found, undisturbed) == outcome, found.states
        assert broken_promises(found) == []
