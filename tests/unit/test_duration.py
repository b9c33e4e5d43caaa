"""Durations as people write them in tags, and as sentences tell them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.common.duration import LONGEST, in_short, in_words, parse_duration

WHOLE_SECONDS = st.integers(0, int(LONGEST.total_seconds())).map(lambda seconds: timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("1 h 30 min", 5400),
        (" 1H 30M ", 5400),
        ("PT15M", 900),
        ("P1DT2H", 93_600),
        ("90", 90),
        (90, 90),
        (90.0, 90),
        (0, 0),
    ],
)
def test_what_people_write_is_read(written: object, seconds: int) -> None:
    assert parse_duration(written) == timedelta(seconds=seconds)


NONSENSE = ["", "soon", "1.5h", "h", "PT", "P", "30m1h", "5m5m", "-5s", "10 minutes or so", "\uff19\uff10s"]
NO_TEXT: list[object] = [True, None, [], {}, 1.5, float("nan"), float("inf"), "1" * 5000, "9" * 9 + "d"]


@pytest.mark.parametrize("wrong", [*NONSENSE, *NO_TEXT])
def test_anything_else_is_refused_with_the_forms_that_would_do(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"expected|is not a duration such as 90s, 15m, 1h30m") as refusal:
        parse_duration(wrong)
    assert repr(wrong)[:20] in str(refusal.value)


@pytest.mark.parametrize(
    "wrong", [-1, int(LONGEST.total_seconds()) + 1, pytest.param(10**5000, id="5,001 digits"), 1e300]
)
def test_a_number_out_of_range_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"expected a duration|is not a duration"):
        parse_duration(wrong)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (5400, "1 h 30 min"),
        (172_800, "2 d"),
        (90_061, "1 d 1 h 1 min 1 s"),
        (-90, "minus 1 min 30 s"),
    ],
)
def test_a_duration_is_told_in_words(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


@given(WHOLE_SECONDS)
def test_what_we_write_we_read_back(duration: timedelta) -> None:
    assert parse_duration(in_words(duration)) == parse_duration(in_short(duration)) == duration


@given(st.one_of(st.text(), st.floats(), st.integers(), st.none(), st.lists(st.text()), st.binary()))
def test_nothing_but_a_value_error_comes_out_of_nonsense(value: object) -> None:
    try:
        duration = parse_duration(value)
    except ValueError:
        return
    assert timedelta(0) <= duration <= LONGEST
