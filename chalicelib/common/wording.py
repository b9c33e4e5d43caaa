"""How our sentences show values and name choices, so that every refusal reads alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_SHOWN = 60

HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed: a terminal obeys them
    "\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # what turns or hides other text
    "\ud800-\udfff\U000e0000-\U000e007f]"  # halves of characters, which nothing can encode; invisible tags
)
"""Unicode's categories Cc, Cf, Zl, Zp and Cs, as far as they matter: https://www.unicode.org/reports/tr36/"""


def harmless(text: str) -> str:
    """Return a text from outside as a terminal, a log or a mail may show it: what would be obeyed is spelt out."""
    return HARMFUL.sub(lambda found: json.dumps(found[0])[1:-1], text)


def one_line(text: str) -> str:
    """Return a harmless text on one line, so that it can't pass for a line of ours."""
    return harmless(" ".join(line.strip() for line in text.splitlines()))


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
