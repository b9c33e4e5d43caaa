"""What a walk's Task states are answered with: the script of a story."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

EVERY_TRY = 0
"""As `times` of an Error: every try of one visit to the state fails, until the retriers give up."""


@dataclass(frozen=True)
class Error:
    """The call fails; in a list it takes `times` turns, alone it fails each time unless `times` is given."""

    name: str
    cause: str = ""
    times: int | None = None


@dataclass(frozen=True)
class Reply:
    """The call answers after so many seconds: beyond TimeoutSeconds it is a time-out."""

    value: Any
    after: float = 0


@dataclass(frozen=True)
class TimedOut:
    """The call runs into its TimeoutSeconds, which pass."""

    times: int | None = None


NO_ANSWER = TimedOut()
"""Nobody answers the token: the wait runs into its TimeoutSeconds."""

Answer = Any
"""A value, a list of answers taken in turn, a function of the evaluated Arguments, Error, Reply or TimedOut."""
Answers = Mapping[str, Answer]


class Unscripted(AssertionError):  # noqa: N818  # it is the story that fails, not AWS
    """A state was asked once more than the script has answers for it."""


@dataclass(frozen=True)
class First:
    """One answer before those of another script, which then goes on as it would have from the start."""

    answer: Answer
    then: Answer


class Script:
    """The answers of one state in the order of its calls."""

    def __init__(self, state: str, answer: Answer) -> None:
        self._state = state
        self._turns: deque[Any] = deque()
        self._always: Any = _NOTHING
        self._visit: int | None = None
        self._add(answer)

    def _add(self, answer: Answer) -> None:
        if isinstance(answer, First):
            self._turns.append(answer.answer)
            self._add(answer.then)
        elif isinstance(answer, list):
            self._turns.extend(answer_of_a_turn for each in answer for answer_of_a_turn in _turns(each))
        elif isinstance(answer, Error | TimedOut) and answer.times is not None:
            self._turns.extend(_turns(answer))
        else:
            self._always = answer

    def take(self, visit: int, arguments: Any) -> Reply | Error | TimedOut:
        """Return the answer to one try of a visit, functions called; raises Unscripted where there is none."""
        if self._visit is not None and self._visit != visit:
            self._turns.popleft()
            self._visit = None
        answer = self._next(visit)
        if callable(answer):
            answer = answer(copy.deepcopy(arguments))
        if isinstance(answer, Reply | Error | TimedOut):
            return answer
        return Reply(copy.deepcopy(answer))

    def _next(self, visit: int) -> Any:
        if not self._turns:
            if self._always is _NOTHING:
                raise Unscripted(f"the state {self._state!r} is asked, and the script has no more answers")
            return self._always
        if isinstance(self._turns[0], Error | TimedOut) and self._turns[0].times == EVERY_TRY:
            self._visit = visit
            return self._turns[0]
        return self._turns.popleft()


_NOTHING = object()


def _turns(answer: Answer) -> Iterable[Any]:
    if isinstance(answer, Error | TimedOut) and answer.times:
        return [answer] * answer.times
    return [answer]


def scripts(answers: Answers) -> dict[str, Script]:
    """Return the scripts of one walk: the answers themselves stay as they are, for the next walk."""
    return {state: Script(state, answer) for state, answer in answers.items()}
