"""Blockers of gates as the state machine carries them to the explanation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.common.model import instant, stamp
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.words import clip

BLOCKERS_KEPT = 20
LONGEST_TEXT = 500
"""Characters of a text: the state's 256 KiB are for the drain's memory."""


def closed_names(blockers: Iterable[Blocker]) -> tuple[str, ...]:
    """Return what is closed, without the numbers that change at each look."""
    return tuple(f"{each.kind.value}: {clip(each.subject, LONGEST_TEXT)}" for each in blockers)[
        :BLOCKERS_KEPT
    ]


def to_state(blockers: tuple[Blocker, ...]) -> tuple[dict[str, Any], ...]:
    """Return the most important blockers as JSON."""
    return tuple(
        {
            "kind": each.kind.value,
            "subject": clip(each.subject, LONGEST_TEXT),
            "reason": clip(each.reason, LONGEST_TEXT),
            "remedy": clip(each.remedy, LONGEST_TEXT),
            "tasks": list(each.tasks[:BLOCKERS_KEPT]),
            "ends_at": each.ends_at and stamp(each.ends_at),
        }
        for each in blockers[:BLOCKERS_KEPT]
    )


def from_state(state: Iterable[Mapping[str, Any]]) -> tuple[Blocker, ...]:
    """Read what `to_state` wrote."""
    return tuple(
        Blocker(
            kind=BlockerKind(each["kind"]),
            subject=each["subject"],
            reason=each["reason"],
            remedy=each["remedy"],
            tasks=tuple(each["tasks"]),
            ends_at=each["ends_at"] and instant(each["ends_at"]),
        )
        for each in state
    )


def kinds_told(explanation: Mapping[str, Any]) -> frozenset[str]:
    """Return the kinds of blockers that an explanation names, given `$explanation`; none before the first."""
    blockers = explanation["blockers"]
    return frozenset(group["kind"] for group in blockers["groups"]) if blockers else frozenset()
