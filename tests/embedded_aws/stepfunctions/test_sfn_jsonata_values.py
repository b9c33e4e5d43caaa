"""The embedded AWS evaluates JSONata as version 2.0.6 of the reference implementation does, which AWS has.

What differs, and isn't in the table: `$distinct` of an array literal unwraps a single value here, `$count(null)`
is 0 here, `$number` takes blanks, `|…|` loses nulls, and 1/0 is an error (to JSON, infinity is no number).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.stepfunctions.jsonata_values import UNDEFINED, JsonataError, evaluate

TABLE: dict[str, Any] = json.loads(Path(__file__).with_name("jsonata_2_0_6.json").read_text("utf-8"))


@pytest.mark.parametrize("row", TABLE["answers"], ids=lambda row: str(row["expression"]))
def test_an_expression_gives_what_the_reference_gives(row: dict[str, Any]) -> None:
    if row.get("gives") == "an error":
        with pytest.raises(JsonataError):
            evaluate(row["expression"], TABLE["variables"])
        return

    value = evaluate(row["expression"], TABLE["variables"])

    assert value is UNDEFINED if row.get("gives") == "nothing" else value == row["value"]


def test_variables_are_not_changed_by_an_expression() -> None:
    """`|…|` and `$append` make new values; what a state's variables hold stays."""
    before = json.dumps(TABLE["variables"])

    evaluate("($y := $x ~> |$|{'q': 1}|; $append($x.l, 1); $sort($x.dup))", TABLE["variables"])

    assert json.dumps(TABLE["variables"]) == before
