"""Reads single fields of a message; each refusal names the field, its value and what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.common.errors import InvalidInput
from chalicelib.common.model import instant
from chalicelib.common.wording import HARMFUL, shown

# Eight hexadecimal digits until 2016, seventeen since:
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
INSTANCE_ID = re.compile(r"i-(?:[0-9a-f]{17}|[0-9a-f]{8})", re.ASCII)
# 36 characters, and such as may stand in an execution's name:
# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html
TOKEN = re.compile(r"[0-9A-Za-z-]{36}", re.ASCII)
LONGEST_TEXT = 1_024
HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters: JSON can bring them, and no call to AWS can carry them."""

INSTANCE_ID_EXPECTED = "an EC2 instance id, `i-` and 17 (or 8) hexadecimal digits"
INSTANT_EXPECTED = "an instant such as 2026-03-02T10:15:30Z"


class Fields:
    """The fields of one message, read one by one; `refuse` is the error that its reader raises."""

    def __init__(self, values: Mapping[str, Any], where: str, refuse: type[InvalidInput]) -> None:
        self.values = values
        self.where = where
        self._refuse = refuse

    def refusal(self, name: str, expected: str) -> InvalidInput:
        """Return the error for a field that is missing or wrong."""
        if self.values.get(name) is None:
            return self._refuse(f"{self.where} lacks {name}: expected {expected}")
        return self._refuse(f"{name} of {self.where} is {shown(self.values[name])}: expected {expected}")

    def text(self, name: str, expected: str, longest: int = LONGEST_TEXT) -> str:
        """Return text that must be there, without space around it."""
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            raise self.refusal(name, f"{expected}, at most {longest:,} characters")
        if HALVES.search(value):
            raise self.refusal(name, f"{expected}, without control characters or halves of characters")
        return value.strip()

    def text_or_none(self, name: str, expected: str, longest: int = LONGEST_TEXT) -> str | None:
        """Return text that may be missing; SNS's text form writes `null` for that."""
        value = self.values.get(name)
        if value is None or (isinstance(value, str) and value.strip() in ("", "null")):
            return None
        return self.text(name, expected, longest)

    def line_or_none(self, name: str, expected: str, longest: int = LONGEST_TEXT) -> str | None:
        """Return free text that may be missing, on one line; refuses what a terminal or a mail would obey."""
        text = self.text_or_none(name, expected, longest)
        if text is not None and HARMFUL.search(" ".join(text.split())):
            raise self.refusal(name, f"{expected}, without control characters")
        return text and " ".join(text.split())

    def word(self, name: str, choices: tuple[str, ...]) -> str | None:
        """Return one of some words, or None where the field is missing."""
        expected = " or ".join(choices)
        word = self.text_or_none(name, expected)
        if word is not None and word not in choices:
            raise self.refusal(name, expected)
        return word

    def matching(self, name: str, pattern: re.Pattern[str], expected: str) -> str:
        """Return text of one form."""
        value = self.values.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value.strip()):
            raise self.refusal(name, expected)
        return value.strip()

    def instance_id(self, name: str) -> str:
        """Return an EC2 instance id."""
        return self.matching(name, INSTANCE_ID, INSTANCE_ID_EXPECTED)

    def token(self, name: str) -> str:
        """Return a lifecycle action token."""
        return self.matching(name, TOKEN, "a lifecycle action token of 36 letters, digits and dashes")

    def at(self, name: str) -> datetime:
        """Return an instant in UTC, whole seconds; AWS writes it with and without milliseconds."""
        at = _instant_or_none(self.text(name, INSTANT_EXPECTED))
        if at is None:
            raise self.refusal(name, INSTANT_EXPECTED)
        return at

    def at_or_none(self, name: str) -> datetime | None:
        """Return an instant that may be missing."""
        return None if self.values.get(name) is None else self.at(name)

    def mapping_or_none(self, name: str, expected: str) -> Mapping[str, Any] | None:
        """Return a JSON object that may be missing."""
        return None if self.values.get(name) is None else self.mapping(name, expected)

    def mapping(self, name: str, expected: str) -> Mapping[str, Any]:
        """Return a JSON object."""
        value = self.values.get(name)
        if not isinstance(value, Mapping):
            raise self.refusal(name, expected)
        return value


def _instant_or_none(text: str) -> datetime | None:
    try:
        at = instant(text)
        return at.astimezone(UTC).replace(microsecond=0) if at.tzinfo else None
    except (ValueError, OverflowError):  # the latter for the year 1, east of Greenwich
        return None
