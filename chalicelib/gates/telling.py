"""Blockers of gates as the state machine carries them to the explanation. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.explain.blocker import Blocker
from chalicelib.explain.words import clip

BLOCKERS_KEPT = 20
LONGEST_TEXT = 500
"""Characters of a text: the state's 256 KiB are for the drain's memory."""


def closed_names(blockers: Iterable[Blocker]) -> tuple[str, ...]:
    """Return what is closed, without the numbers that change at each look."""
    return tuple(f"{each.kind.value}: {clip(each.subject, LONGEST_TEXT)}" for each in blockers)[
        :BLOCKERS_KEPT
    ]


def kept(blockers: tuple[Blocker, ...]) -> tuple[Blocker, ...]:
    """Return the most important blockers, as long as the machine's state has room for."""
    return tuple(
        replace(
            each,
            subject=clip(each.subject, LONGEST_TEXT),
            reason=clip(each.reason, LONGEST_TEXT),
            remedy=clip(each.remedy, LONGEST_TEXT),
            tasks=each.tasks[:BLOCKERS_KEPT],
        )
        for each in blockers[:BLOCKERS_KEPT]
    )


def kinds_told(explanation: Mapping[str, Any]) -> frozenset[str]:
    """Return the kinds of blockers that an explanation names, given `$explanation`; none before the first."""
    blockers = explanation["blockers"]
    return frozenset(group["kind"] for group in blockers["groups"]) if blockers else frozenset()
