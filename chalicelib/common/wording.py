"""How our sentences show values and name choices, so that every refusal reads alike."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_SHOWN = 60


def shown(value: object) -> str:
    """Return a value as a sentence quotes it: at most 60 characters, on one line; never raises."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        # Python writes no integer of more than 4,300 digits, and JSON brings us any.
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def one_of(choices: Iterable[str]) -> str:
    """Return the choices as prose: "a, b or c"."""
    *others, last = list(choices)
    return f"{', '.join(others)} or {last}" if others else last


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return " (did you mean X?)" when a known word is close to the given one, or nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""
