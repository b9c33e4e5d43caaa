"""The fleet's request: wrong values are refused by name before anything is touched."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chalicelib.common.errors import InvalidRequest
from chalicelib.fleet.request import DEFAULT_AT_ONCE, DEFAULT_STOP_AFTER, parse_fleet

ONE, TWO = "i-0123456789abcdef0", "i-0123456789abcdef1"


def test_what_is_not_said_has_its_default() -> None:
    request = parse_fleet({"instances": [ONE, TWO, ONE], "reason": None})
    assert request.instances == (ONE, TWO)
    assert (request.max_concurrent, request.stop_after) == (DEFAULT_AT_ONCE, DEFAULT_STOP_AFTER)
    assert not request.may_hop


def test_what_is_written_is_read_back() -> None:
    request = parse_fleet(
        {
            "instances": [ONE],
            "max_concurrent": 7,
            "stop_after": 2,
            "may_hop": True,
            "settings": {"deadline": "30m"},
            "who": "jane",
        }
    )
    assert parse_fleet(request.to_state()) == request


@pytest.mark.parametrize(
    ("story", "given", "sentence"),
    [
        ("no object", ["i-1"], "the fleet's request is"),
        ("no instances", {}, "lacks instances"),
        ("an empty list", {"instances": []}, "instances of the fleet's request is"),
        ("one that is no id", {"instances": [ONE, "web-1"]}, "'web-1': expected an EC2 instance id"),
        ("too many", {"instances": [f"i-{number:017x}" for number in range(301)]}, "a list of 1 to 300"),
        (
            "none at once",
            {"instances": [ONE], "max_concurrent": 0},
            "max_concurrent .* a whole number from 1 to 40",
        ),
        ("more at once than a Map takes", {"instances": [ONE], "max_concurrent": 41}, "from 1 to 40"),
        ("truth for a number", {"instances": [ONE], "stop_after": True}, "stop_after"),
        ("a word for truth", {"instances": [ONE], "may_hop": "yes"}, "may_hop .* true or false"),
        ("a typing error", {"instances": [ONE], "max_concurent": 3}, "did you mean max_concurrent"),
        (
            "a wrong setting",
            {"instances": [ONE], "settings": {"deadline": "soon"}},
            "deadline of the request",
        ),
        ("an unknown setting", {"instances": [ONE], "settings": {"deadlin": "1h"}}, "did you mean deadline"),
    ],
)
def test_what_is_wrong_is_named(story: str, given: Any, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_fleet(given)
    assert re.search(sentence, str(refusal.value)), story
