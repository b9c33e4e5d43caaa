"""The grammar of the Amazon States Language, which statelint knows: fields, kinds of values, transitions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from statelint.linter import Linter

from statemachine.checks.machine import Body

_FALSE_ALARM = re.compile(r'is "\{%.*%\}" but should be (an? (Integer|Float|Number)|numeric)', re.DOTALL)
"""statelint 3.1.0 wants a number where Step Functions takes an expression too: in Seconds, say, or MaxConcurrency."""

_UNREACHED = "No transition found to state"
_FUNCTION = re.compile(r"\$\{\w+FunctionArn\}")
_SUBSTITUTION = re.compile(r"\$\{[\w:]+\}")


@dataclass(frozen=True)
class Ungrammatical:
    """What statelint says of a definition."""

    problem: str

    def sentence(self, definition_name: str) -> str:
        """Return the problem as a sentence that begins with the definition's name."""
        return f"{definition_name}: {self.problem.replace('State Machine.', '').rstrip('.')}."


def check_grammar(definition: Body) -> Iterator[Ungrammatical]:
    """Yield what statelint finds, its false alarms left out."""
    try:
        problems: list[str] = Linter.validate(deployed(definition))
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        # statelint stumbles over values of another kind in a few places: a list as a Next, for example.
        problems = [f"a field holds a value of another kind than Step Functions takes ({error})"]
    real = [problem for problem in problems if not _FALSE_ALARM.search(problem)]
    # What nothing leads to any more often follows from a misspelt name, which is said already.
    causes = [problem for problem in real if not problem.startswith(_UNREACHED)]
    yield from (Ungrammatical(problem) for problem in causes or real)


def deployed(definition: Body) -> Body:
    """Return a definition with its substitutions filled in: statelint wants a URI for `${LookFunctionArn}`."""
    text = _FUNCTION.sub("arn:aws:lambda:eu-west-1:123456789012:function:a", json.dumps(definition))
    filled: Body = json.loads(_SUBSTITUTION.sub("aws", text))
    return filled
