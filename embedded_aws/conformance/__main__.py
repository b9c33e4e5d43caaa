"""`python -m embedded_aws.conformance [--differences] [--report FILE] [NAME…]`: recordings of AWS, and what agrees."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from embedded_aws.conformance.facts import Fact, facts, facts_of_report
from embedded_aws.conformance.known import DIFFERENCES
from embedded_aws.conformance.table import summary, table, words_of
from embedded_aws.conformance.verdicts import Verdict, judge


def main(arguments: list[str] | None = None) -> int:
    """Run the facts that are named, or all; returns 1 where one differs that isn't listed."""
    parser = argparse.ArgumentParser(prog="python -m embedded_aws.conformance", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a fact or a topic (default: all)")
    parser.add_argument("--differences", action="store_true", help="say of each fact that differs in what")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="the facts of a first run's report instead"
    )
    given = parser.parse_args(arguments)
    found = facts_of_report(given.report) if given.report else facts()
    verdicts = [judge(fact) for fact in found if _is_named(fact, given.names)]
    words = words_of(verdicts)
    print(f"{table(words)}\n\n{summary(words)}")
    for verdict in verdicts if given.differences or given.names else ():
        print("".join(_told(verdict)), end="")
    listed = {name for difference in DIFFERENCES for name in difference.facts}
    return 1 if any(verdict.differences and verdict.fact.id not in listed for verdict in verdicts) else 0


def _is_named(fact: Fact, names: list[str]) -> bool:
    return not names or fact.id in names or fact.topic in names


def _told(verdict: Verdict) -> list[str]:
    fact = verdict.fact
    if verdict.word == "agree":
        return []
    lines = [f"  {each}\n" for each in verdict.differences]
    return [f"\n{fact.id}: {fact.missing or fact.says}\n", *lines]


if __name__ == "__main__":
    sys.exit(main())
