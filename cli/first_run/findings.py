"""What was found of each question, as people and as the conformance tier read it; never with an account id. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.common.model import stamp
from cli.desk import to_json
from cli.first_run.questions import UNSETTLED, Answer, Question

ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html: twelve digits"""
HIDDEN = "ACCOUNT"
SOURCE = "ecs-drainer doctor --first-run"


class Unsettled(Exception):  # noqa: N818  # it carries what stood in the way, not a fault of the program
    """A question was asked and neither of its answers was found; the text says why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a question was answered by."""

    answer: str
    """The id of one of its answers, or UNSETTLED."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fact: Mapping[str, Any] | None = None
    """What was recorded, as embedded_aws/conformance/facts.py has it; None: no matter of state machines."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A question, and what was seen; nothing seen: it was not asked."""

    question: Question
    asked_at: datetime
    seen: Seen | None = None

    @property
    def answer(self) -> Answer | None:
        """The answer that was found, if one was."""
        return self.question.answer(self.seen.answer) if self.seen else None


def unsettled(why: object) -> Seen:
    """Return what is seen where something stood in the way."""
    return Seen(UNSETTLED, {"why": str(why)})


def documents(findings: Sequence[Finding], region: str, price: str) -> list[dict[str, Any]]:
    """Return the report: an object for each question, without account ids."""
    found: list[dict[str, Any]] = without_accounts([_document(each, region, price) for each in findings])
    return found


def _document(finding: Finding, region: str, price: str) -> dict[str, Any]:
    one, seen = finding.question, finding.seen
    evidence = {"needs": "--with-a-throwaway-group", "creates": one.needs.value, "costs": price}
    document = {
        "id": one.id,
        "question": one.asks,
        "answer": seen.answer if seen else None,
        "says": finding.answer.says if finding.answer else None,
        "means": finding.answer.means if finding.answer else None,
        "evidence": dict(seen.evidence) if seen else evidence,
        "asked_at": stamp(finding.asked_at),
        "region": region,
    }
    if seen and seen.fact:
        document["fact"] = {
            **seen.fact,
            "source": {"date": f"{finding.asked_at:%Y-%m-%d}", "recording": SOURCE},
        }
    return document


def text(findings: Sequence[Finding], price: str) -> str:
    """Return the findings for people."""
    settled = sum(each.answer is not None for each in findings)
    told = "\n\n".join(_told(each, price) for each in findings)
    return str(without_accounts(f"{told}\n\n{settled} of {len(findings)} questions are settled."))


def _told(finding: Finding, price: str) -> str:
    one, seen, answer = finding.question, finding.seen, finding.answer
    lines = [f"{one.id}: {one.asks}"]
    if seen is None:
        lines.append(f"  needs --with-a-throwaway-group: creates {one.needs.value}; {price}")
    elif answer is None:
        lines.append(f"  unsettled: {seen.evidence.get('why', 'neither answer was found')}")
    else:
        lines += [f"  answer: {answer.id}: {answer.says}", f"  for a drain: {answer.means}"]
        lines += [f"  evidence: {key}: {_short(value)}" for key, value in seen.evidence.items()]
    return "\n".join(lines)


def _short(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)


def without_accounts(value: Any) -> Any:
    """Return a text, or a document with every text in it, account ids replaced by a word."""
    if isinstance(value, str):
        return ACCOUNT.sub(HIDDEN, value)
    if isinstance(value, Mapping):
        return {key: without_accounts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_accounts(item) for item in value]
    return value
