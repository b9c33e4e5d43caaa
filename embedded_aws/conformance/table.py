"""The table of verdicts by topic, as it stands in `docs/embedded-aws.md`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from embedded_aws.conformance.facts import Fact
from embedded_aws.conformance.known import DIFFERENCES
from embedded_aws.conformance.verdicts import Verdict

WORDS = ("agree", "differ", "not expressible")

Words = Iterable[tuple[Fact, str]]


def words_of(verdicts: Iterable[Verdict]) -> list[tuple[Fact, str]]:
    """Return what each fact came to."""
    return [(verdict.fact, verdict.word) for verdict in verdicts]


def expected(facts: Iterable[Fact]) -> list[tuple[Fact, str]]:
    """Return what each fact comes to by the list of differences, without running any."""
    listed = {name for difference in DIFFERENCES for name in difference.facts}
    return [
        (fact, "not expressible" if fact.missing else "differ" if fact.id in listed else "agree")
        for fact in facts
    ]


def table(words: Words, before: dict[str, int] | None = None) -> str:
    """Return the table in Markdown: a line a topic, and the sum; `before`: how many agreed at another time."""
    counts: dict[str, Counter[str]] = {}
    for fact, word in words:
        counts.setdefault(fact.topic, Counter())[word] += 1
    columns = [*WORDS, *(["agreed before"] if before else [])]
    if before:
        for topic, count in counts.items():
            count["agreed before"] = before.get(topic, 0)
    total: Counter[str] = sum(counts.values(), Counter())
    head = [f"| topic | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    rows = [(topic, counts[topic]) for topic in sorted(counts)]
    return "\n".join([*head, *(_line(topic, count, columns) for topic, count in [*rows, ("**all**", total)])])


def summary(words: Words) -> str:
    """Return the sentence below the table."""
    count = Counter(word for _, word in words)
    expressible = count["agree"] + count["differ"]
    share = 100 * count["agree"] / expressible if expressible else 100.0
    return f"{count['agree']} of the {expressible} that can be expressed agree: {share:.1f} %."


def _line(topic: str, count: Counter[str], columns: list[str]) -> str:
    return f"| {topic} | {' | '.join(str(count[column]) for column in columns)} |"
