"""Reads one item of the ledger, attribute by attribute; each refusal names row, attribute, value and what was expected.

Functions and state machines of ours write the ledger; tasks may write their own sign-offs, and whoever mends a row by
hand may mistype it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.common.errors import InvalidInput
from chalicelib.common.model import instant
from chalicelib.common.wording import shown

NULL = "null"
"""What the state machine writes where there is no instant, in JSON's words."""


class Row:
    """One item as DynamoDB answers it; every reader raises InvalidInput."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        self.item = item

    @property
    def key(self) -> str:
        """The row's own key."""
        return self.text("pk")

    def refusal(self, name: str, expected: str) -> InvalidInput:
        """Return the error for an attribute that is missing or wrong."""
        of = f"the ledger's row {shown(self.item.get('pk', {}).get('S'))}"
        if name not in self.item:
            return InvalidInput(f"{of} lacks {name}: expected {expected}")
        (value,) = self.item[name].values()
        return InvalidInput(f"{name} of {of} is {shown(value)}: expected {expected}")

    def text(self, name: str, otherwise: str | None = None) -> str:
        """Return text; `otherwise` where it isn't there or is no text, unless that is None."""
        value = self.item.get(name, {}).get("S", otherwise)
        if value is None:
            raise self.refusal(name, "text")
        return str(value)

    def text_or_none(self, name: str) -> str | None:
        """Return text that may be missing."""
        return self.text(name) if name in self.item else None

    def at(self, name: str) -> datetime:
        """Return an instant."""
        try:
            at = instant(self.text(name))
            if at.tzinfo is not None:
                return at.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self.refusal(name, "an instant such as 2026-03-02T10:15:30Z")

    def at_or_none(self, name: str) -> datetime | None:
        """Return an instant that may be missing, or that the state machine wrote as `null`."""
        return None if self.item.get(name, {"S": NULL}) == {"S": NULL} else self.at(name)

    def number(self, name: str, otherwise: int | None = None) -> int:
        """Return a whole number; `otherwise` where it isn't there, unless that is None."""
        if name not in self.item and otherwise is not None:
            return otherwise
        text = self.item.get(name, {}).get("N", "")
        if not text.removeprefix("-").isdecimal() or len(text) > LONGEST_NUMBER:
            raise self.refusal(name, "a whole number")
        return int(text)

    def words(self, name: str) -> frozenset[str]:
        """Return a set of texts, empty where it isn't there."""
        if name not in self.item:
            return frozenset()
        if "SS" not in self.item[name]:
            raise self.refusal(name, "a set of texts")
        return frozenset(self.item[name]["SS"])

    def data(self, name: str, otherwise: Any, expected: str) -> Any:
        """Return JSON of the same type as `otherwise`, which stands where it isn't there."""
        if name not in self.item:
            return otherwise
        try:
            found = json.loads(self.text(name))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, type(otherwise)):
            raise self.refusal(name, expected)
        return found

    def rows(self, name: str) -> dict[str, Row]:
        """Return the maps in a map, each as a row that is named like this one."""
        inner = self.item.get(name, {}).get("M")
        if inner is None or not all("M" in each for each in inner.values()):
            raise self.refusal(name, "a map of maps")
        return {key: Row({"pk": self.item["pk"], **each["M"]}) for key, each in inner.items()}


LONGEST_NUMBER = 15
"""Digits of an instant in seconds, a count or a version, and some to spare."""
