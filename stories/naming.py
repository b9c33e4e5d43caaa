"""Ids by number, in the order in which they appear: for transcripts that are the same in every run."""

from __future__ import annotations

import re

IDS = re.compile(
    r"\b(?:(?P<instance>i-[0-9a-f]{17})|(?P<image>ami-[0-9a-f]{17})|(?P<token>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<id>[0-9a-f]{32}|[0-9a-f]{8}))\b"
)

FORMS = {
    "instance": "i-{:017x}",
    "image": "ami-{:017x}",
    "token": "{:08x}-0000-4000-8000-000000000000",
    "id": "{:08x}000000000000000000000000",
}


def named(text: str) -> str:
    """Number ids in order of appearance, as long as they were, so that transcripts read, align and compare well."""
    numbers: dict[str, int] = {}
    counts: dict[str, int] = {}

    def name(match: re.Match[str]) -> str:
        kind, found = str(match.lastgroup), match.group()
        key = found[:8] if kind == "id" else found
        if key not in numbers:
            counts[kind] = numbers[key] = counts.get(kind, 0) + 1
        return FORMS[kind].format(numbers[key])[: len(found)]

    return IDS.sub(name, text)
