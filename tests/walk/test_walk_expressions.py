"""The expressions of a walk: JSONata's own, and the functions that Step Functions adds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.walk.evaluating import Failure, Scope

VARIABLES: dict[str, Any] = {"null": None, "one": [1], "text": "a", "drain": {"id": "i-1", "gone_at": None}}
SCOPE = Scope(VARIABLES, {"input": {"n": 1.0}, "context": {}}, datetime(2026, 3, 2, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("null", None),
        ("$null", None),
        ("$null = null", True),
        ("$drain.gone_at = null", True),
        ("$exists($drain.gone_at)", True),
        ("$exists($drain.never)", False),
        ("$drain.never = null", False),
        ("{'a': $drain.never, 'b': $drain.gone_at}", {"b": None}),
        ("$merge([$drain, {'id': 'i-2'}])", {"id": "i-2", "gone_at": None}),
        ("$text & $null", "anull"),
        ("4 / 2", 2),
        ("5 / 2", 2.5),
        ("$states.input.n", 1),
        ("$one", [1]),
        ("[1..3]", [1, 2, 3]),
        ("$string($drain)", '{"id":"i-1","gone_at":null}'),
        ("$toMillis('2026-03-02T10:00:00.250Z')", 1772445600250),
        ("$millis()", 1772445600000),
        ("$now()", "2026-03-02T10:00:00.000Z"),
        ("$parse('{\"a\": [null]}')", {"a": [None]}),
        ("$parse('null') = null", True),
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$range(0, 10, 5)", [0, 5, 10]),
        (
            "$hash('a', 'SHA-256')",
            "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        ),
        ("$random(7) = $random(7)", True),
        ("$length($uuid())", 36),
        ("($x := $text; $x & $x)", "aa"),
    ],
)
def test_an_expression_has_a_value(expression: str, value: Any) -> None:
    assert SCOPE.evaluate({"at": ["{% " + expression + " %}"]}, "x") == {"at": [value]}
    found = SCOPE.evaluate("{% " + expression + " %}", "x")
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "error", "said"),
    [
        ("$drain.never", "States.QueryEvaluationError", "undefined"),
        ("$gone", "States.QueryEvaluationError", "the variable $gone isn't assigned"),
        ("$exists($gone)", "States.QueryEvaluationError", "the variable $gone isn't assigned"),
        ("$number('x')", "States.QueryEvaluationError", "$number"),
        ("$parse('{')", "States.QueryEvaluationError", "$parse"),
        ("$error('no')", "States.QueryEvaluationError", "no"),
        ("$string", "States.QueryEvaluationError", "no JSON"),
        ("$x +", "States.Runtime", "end of expression"),
    ],
)
def test_an_expression_without_a_value_fails(expression: str, error: str, said: str) -> None:
    with pytest.raises(Failure, match=error) as caught:
        SCOPE.evaluate("{% " + expression + " %}", "Output")
    assert said in caught.value.cause
    assert "Output" in caught.value.cause


def test_a_text_that_only_holds_braces_is_sent_as_it_stands() -> None:
    assert SCOPE.evaluate("half {% $text %}", "x") == "half {% $text %}"
