"""Every recording of AWS, run on the embedded AWS: it agrees, or is listed with what differs."""

from __future__ import annotations

from collections import Counter

import pytest

from embedded_aws.conformance import Fact, facts, judge
from embedded_aws.conformance.known import DIFFERENCES

LISTED = {name for difference in DIFFERENCES for name in difference.facts}


@pytest.mark.parametrize("fact", facts(), ids=lambda fact: fact.id)
def test_the_embedded_aws_does_what_was_recorded_or_the_difference_is_listed(fact: Fact) -> None:
    verdict = judge(fact)
    if fact.id in LISTED:
        assert verdict.differences, "it agrees now: take it off the list in embedded_aws/conformance/known.py"
    else:
        assert not verdict.differences, f"{fact.says}\n" + "\n".join(verdict.differences)


def test_names_of_facts_are_unique() -> None:
    assert [name for name, count in Counter(fact.id for fact in facts()).items() if count > 1] == []


def test_every_listed_fact_is_there() -> None:
    assert {fact.id for fact in facts()} >= LISTED


def test_at_least_95_of_100_that_can_be_expressed_agree() -> None:
    expressible = [fact for fact in facts() if fact.missing is None]
    assert len(LISTED) <= 0.05 * len(expressible)
