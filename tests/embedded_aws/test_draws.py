"""Ids are those that moto would have drawn, and so are all that are drawn after them."""

from __future__ import annotations

import string
from random import Random

import pytest

from embedded_aws.draws import letters


@pytest.mark.parametrize(
    "alphabet", [string.ascii_lowercase, string.ascii_letters + string.digits, "ab", "abcdefgh"]
)
@pytest.mark.parametrize("count", [0, 1, 7, 185])
def test_drawn_at_once_they_are_the_same(alphabet: str, count: int) -> None:
    """Receipt handles, request ids, an alphabet of a power of two: letter for letter, and draw for draw."""
    for seed in range(20):
        one_by_one, at_once = Random(seed), Random(seed)  # noqa: S311  # as moto draws ids
        drawn = "".join(one_by_one.choice(alphabet) for _ in range(count))
        assert letters(at_once, alphabet, count) == drawn
        assert at_once.getstate() == one_by_one.getstate()
