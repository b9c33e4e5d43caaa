"""Evaluates the expressions of a definition, as Step Functions does where that matters to a walk.

What it holds to: undefined isn't null; an undefined result, a failed expression and the read of a variable that
nothing assigned are each `States.QueryEvaluationError`; a number without a fraction is an int.
"""

from __future__ import annotations

import hashlib
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.utils import Utils

from statemachine.checks.expressions import RESERVED, ExpressionError, compiled, is_expression, reads_of

LONGEST_SECONDS = 99_999_999
QUERY_ERROR = "States.QueryEvaluationError"
_SEED = 1_000_000_007


class Failure(Exception):  # noqa: N818  # it is what AWS calls a failure: an Error and a Cause
    """What fails a state: an error name and a cause."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


@dataclass(frozen=True)
class Scope:
    """What an expression may read: the variables, `$states`, and the instant that $now() tells."""

    variables: Mapping[str, Any]
    states: Mapping[str, Any]
    now: datetime

    def evaluate(self, template: Any, at: str) -> Any:
        """Return a template's value, each expression in it evaluated; `at` is the field that a failure names."""
        if is_expression(template):
            return self._expression(template, at)
        if isinstance(template, dict):
            return {key: self.evaluate(each, f"{at}.{key}") for key, each in template.items()}
        if isinstance(template, list):
            return [self.evaluate(each, f"{at}[{number}]") for number, each in enumerate(template)]
        return template

    def _expression(self, expression: str, at: str) -> Any:
        try:
            reads = reads_of(expression)
            unassigned = sorted(reads.variables - set(self.variables))
            if unassigned:
                raise Failure(
                    QUERY_ERROR, f"{at}: the variable ${unassigned[0]} isn't assigned ({expression})"
                )
            bindings = {name: _with_nulls(self.variables[name]) for name in reads.variables}
            if reads.paths:
                bindings[RESERVED] = _with_nulls(self.states)
            value = compiled(expression).evaluate(None, {**bindings, **_functions(self.now)})
        except ExpressionError as error:
            raise Failure("States.Runtime", f"{at}: {error} ({expression})") from None
        except (JException, TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
            raise Failure(QUERY_ERROR, f"{at}: {error} ({expression})") from error
        if value is None:
            raise Failure(QUERY_ERROR, f"{at} returned nothing (undefined): {expression}")
        return as_json(value, f"{at}: {expression}")

    def boolean(self, template: Any, at: str) -> bool:
        """Return the value of a Condition."""
        value = self.evaluate(template, at)
        if not isinstance(value, bool):
            raise Failure(QUERY_ERROR, f"{at} is {value!r}, not a boolean")
        return value

    def seconds(self, template: Any, at: str, least: int) -> int:
        """Return the value of a field in whole seconds."""
        value = self.evaluate(template, at)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LONGEST_SECONDS:
            raise Failure(QUERY_ERROR, f"{at} is {value!r}, not a whole number from {least}")
        return value

    def text(self, template: Any, at: str) -> str:
        """Return the value of a field that holds text."""
        value = self.evaluate(template, at)
        if not isinstance(value, str):
            raise Failure(QUERY_ERROR, f"{at} is {value!r}, not text")
        return value


def as_json(value: Any, at: str) -> Any:
    """Return a value of JSONata as plain JSON, numbers without a fraction as ints; a function is no value."""
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {str(key): as_json(each, at) for key, each in value.items()}
    if isinstance(value, list | tuple | range) or type(value).__name__ == "RangeList":
        return [as_json(each, at) for each in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise Failure(QUERY_ERROR, f"{at}: the value is no JSON")


def _with_nulls(value: Any) -> Any:
    """Return JSON as jsonata-python wants it: to the library a plain None is undefined."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, Mapping):
        return {key: _with_nulls(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_nulls(each) for each in value]
    return value


def instant(moment: datetime) -> str:
    """Return an instant as the context object writes it: to the millisecond, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _functions(now: datetime) -> dict[str, Any]:
    """Step Functions' own functions, and the clock's, which is the walk's here."""
    mine = {
        "parse": _parse,
        "hash": _hash,
        "partition": _partition,
        "range": lambda first, last, step: list(range(first, last + (1 if step > 0 else -1), step)),
        "random": lambda seed=_SEED: random.Random(seed).random(),  # noqa: S311  # repeatable on purpose
        "uuid": lambda: str(uuid.uuid5(uuid.NAMESPACE_URL, instant(now))),
        "now": lambda: instant(now),
        "millis": lambda: (now - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1),
    }
    return {name: Jsonata.JLambda(function) for name, function in mine.items()}


def _parse(text: Any) -> Any:
    return _with_nulls(json.loads(text)) if text is not None else None


def _hash(value: Any, algorithm: str) -> str:
    text = value if isinstance(value, str) else json.dumps(as_json(value, "$hash"), separators=(",", ":"))
    return hashlib.new(algorithm.replace("-", ""), text.encode()).hexdigest()


def _partition(values: list[Any], size: int) -> list[list[Any]]:
    return [values[first : first + size] for first in range(0, len(values), size)]
