"""The table of verdicts by topic, as it stands in `docs/embedded-aws.md`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from embedded_aws.conformance.verdicts import Verdict

WORDS = ("agree", "differ", "not expressible")


def table(verdicts: Iterable[Verdict]) -> str:
    """Return the table in Markdown: a line a topic, and the sum."""
    counts: dict[str, Counter[str]] = {}
    for verdict in verdicts:
        counts.setdefault(verdict.fact.topic, Counter())[verdict.word] += 1
    lines = [_line(topic, count) for topic, count in counts.items()]
    total: Counter[str] = sum(counts.values(), Counter())
    head = [f"| topic | {' | '.join(WORDS)} |", "|---|---|---|---|"]
    return "\n".join([*head, *lines, _line("**all**", total)])


def summary(verdicts: list[Verdict]) -> str:
    """Return the sentence below the table."""
    count = Counter(verdict.word for verdict in verdicts)
    expressible = count["agree"] + count["differ"]
    share = 100 * count["agree"] / expressible if expressible else 100.0
    return f"{count['agree']} of the {expressible} that can be expressed agree: {share:.1f} %."


def _line(topic: str, count: Counter[str]) -> str:
    return f"| {topic} | {' | '.join(str(count[word]) for word in WORDS)} |"
