"""A rollback to the release before, while a drain is in a state of today's machine, whichever: no early CONTINUE.

"When you update a state machine, running executions continue to use the previous definition": an execution of today's
goes on, but its functions answer as that release did, and the ones that it did not have are gone.
https://docs.aws.amazon.com/step-functions/latest/dg/getting-started.html
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import Any

import pytest

from tests.upgrades.before import as_answered_before, shapes_of
from tests.upgrades.test_every_state import states_of
from tests.upgrades.test_upgrades import RELEASES
from tests.walk.a_drain import DRAIN, Story, results
from tests.walk.answers import Error, First, Reply, TimedOut
from tests.walk.coverage import Coverage
from tests.walk.test_drain_coverage import STORIES

GONE = Error("Lambda.ResourceNotFoundException", "Function not found: ecs-drainer-dev-tell")
FUNCTIONS = {
    "Plan the drain": "plan_drain",
    "Look": "look",
    "Explain": "explain",
    "Stop tasks": "stop_tasks",
    "Tell": "tell",
}
AT_THE_DEADLINE = {"deadline", "agent-lost", "nothing-to-drain"}
"""Outcomes whose CONTINUE is not because every task is STOPPED."""


class Rollback(Coverage):
    """Notes that a walk has come to a state; from then on its functions are those of the release."""

    def __init__(self, release: str, state: str) -> None:
        super().__init__(DRAIN)
        self.shapes = shapes_of(release)
        self.state = state
        self.is_done = state == DRAIN["StartAt"]
        self.looks: list[Any] = []

    def add(self, state: str, edge: str, target: str | None) -> None:
        super().add(state, edge, target)
        inner = DRAIN["States"].get(target or "", {}).get("ItemProcessor", {}).get("States", {})
        self.is_done = self.is_done or target == self.state or self.state in inner

    def script(self, answers: dict[str, Any]) -> dict[str, Any]:
        """Return a story's answers, those of functions as they are after the rollback."""
        return {state: self._of(state, answer) for state, answer in answers.items()}

    def _of(self, state: str, answer: Any) -> Any:
        if state not in FUNCTIONS:
            return answer
        if isinstance(answer, list):
            return [self._of(state, each) for each in answer]
        if isinstance(answer, First):
            return First(self._of(state, answer.answer), self._of(state, answer.then))
        return answer if isinstance(answer, Error | TimedOut) else partial(self._said, state, answer)

    def _said(self, state: str, answer: Any, arguments: Any) -> Any:
        said = answer(arguments) if callable(answer) else answer
        value = said.value if isinstance(said, Reply) else said
        if state == "Look":
            self.looks.append(value)
        shape = self.shapes.get(FUNCTIONS[state])
        if not self.is_done or isinstance(said, Error | TimedOut):
            return said
        return as_answered_before(value, shape) if shape else GONE


@cache
def passed_by() -> dict[str, Story]:
    """Return for each state the first story of the walks that passes it."""
    found: dict[str, Story] = {}
    for story in STORIES.values():
        for state in story.walked().states:
            found.setdefault(state, story)
    return found


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("state", list(states_of(DRAIN)))
def test_no_rollback_lets_an_instance_go_that_is_not_drained(release: str, state: str) -> None:
    story, rollback = passed_by()[state], Rollback(release, state)
    found = replace(story, answers=rollback.script(story.script)).walked(rollback)
    assert rollback.is_done, "the story doesn't come there"
    if "CONTINUE" in results(found):
        outcome = found.variables["outcome"]["name"]
        assert outcome in AT_THE_DEADLINE or rollback.looks[-1]["drained"]
    assert set(results(found)) <= set(results(story.walked()))
