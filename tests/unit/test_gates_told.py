"""What of closed gates was told already, so that a refusal is told once, and soon."""

from __future__ import annotations

from chalicelib.explain import Blocker, BlockerKind, to_state
from chalicelib.gates.gate_memory import kinds_told
from tests.unit.test_plan import plan


def test_before_the_first_explanation_nothing_was_told() -> None:
    assert kinds_told(plan().to_state()["explanation"]) == frozenset()


def test_the_kinds_of_the_last_explanation_were_told() -> None:
    refused = Blocker(
        BlockerKind.SIGN_OFF_REFUSED, "task 1", "refused: compaction is running", "answer for it"
    )
    filled = Blocker(BlockerKind.QUEUE_NOT_EMPTY, "queue jobs", "12 messages", "nothing to do")
    assert kinds_told({"blockers": to_state([filled, refused])}) == {"sign-off-refused", "queue-not-empty"}
