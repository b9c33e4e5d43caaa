"""An answer as JSON: for pipelines and the page, so what was written once must read the same for ever."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.common.errors import InvalidInput
from rehearsal.result import VERSION, read, written
from tests.rehearsal.an_answer import AN_ANSWER

EXAMPLE = Path(__file__).with_name("answer.json")


def test_an_answer_reads_as_it_was_written() -> None:
    assert read(written(AN_ANSWER)) == AN_ANSWER


def test_the_example_of_this_version_still_reads() -> None:
    """It is kept as a file: a field that is renamed without a new version is found here."""
    assert read(EXAMPLE.read_text(encoding="utf-8")) == AN_ANSWER
    assert written(AN_ANSWER) == EXAMPLE.read_text(encoding="utf-8")


def test_figures_are_derived_not_stored() -> None:
    variant = AN_ANSWER.variants[0]
    assert AN_ANSWER.exit_code == 6
    assert variant.drains[0].took == timedelta(hours=1)
    assert variant.past[0].error == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "expected the JSON of `ecs-drainer rehearse`"),
        ("[]", "expected `format` to be 'ecs-drainer rehearsal'"),
        (json.dumps({"format": "ecs-drainer rehearsal", "version": 99}), f"is 99: expected {VERSION}"),
        (json.dumps({"format": "ecs-drainer rehearsal", "version": 1}), "lacks `cluster`"),
    ],
)
def test_what_is_no_answer_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        read(text)
