"""What a rule says of a definition that breaks it: state, field, value, what was expected, and the remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

MISSING = object()
"""Stands for the value of a field that isn't there."""

LONGEST_VALUE = 120
"""Characters of a value that a sentence repeats."""


@dataclass(frozen=True)
class Finding:
    """One rule broken at one place."""

    where: str
    field: str
    value: object
    expected: str
    remedy: str

    def sentence(self, definition_name: str) -> str:
        """Return the finding as a sentence that begins with the definition's name."""
        return (
            f"{definition_name}: {self.where}: {self.field} {_said(self.value)}; "
            f"expected {self.expected}: {self.remedy}."
        )


def _said(value: object) -> str:
    if value is MISSING:
        return "is missing"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"is {text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + '…'}"


def did_you_mean(value: object, known: Iterable[str], otherwise: str) -> str:
    """Return "did you mean 'x'" where the value nearly is a known word, else the other remedy."""
    close = get_close_matches(str(value), sorted(known), n=1, cutoff=0.76)
    return f"did you mean {close[0]!r}" if close else otherwise
