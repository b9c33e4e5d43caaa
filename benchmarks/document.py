"""docs/benchmarks.md: its words are written by hand, and between its markers stand the figures of the last run."""

from __future__ import annotations

from pathlib import Path

PATH = Path(__file__).parent.parent / "docs" / "benchmarks.md"
SMALL, LARGE, HUGE = "one and ten", "hundreds", "two thousand"
CALLS, COSTS = "calls of the first story", "prices"


class MarkerMissing(ValueError):  # noqa: N818  # reads as the sentence that it carries
    """The document lacks a marker that figures are written to."""


def part(text: str, name: str) -> str:
    """Return what stands in the document between the markers of a part."""
    _, start, rest = text.partition(f"<!-- {name} -->\n")
    found, end, _ = rest.partition(f"<!-- end of {name} -->")
    if not start or not end:
        raise MarkerMissing(f"the document lacks the markers of `{name}`")
    return found


def with_part(text: str, name: str, content: str) -> str:
    """Return the document with new content between the markers of a part."""
    start = f"<!-- {name} -->\n"
    return text.replace(f"{start}{part(text, name)}", f"{start}{content}", 1)
