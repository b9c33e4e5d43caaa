"""Blockers and forecasts as people read them, and as the state machine carries them: always small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from textwrap import wrap
from typing import Any

from chalicelib.common import wording
from chalicelib.common.duration import whole_seconds
from chalicelib.common.model import stamp
from chalicelib.explain.blocker import Blocker, BlockerGroup, group
from chalicelib.explain.forecasting import Forecast, Outcome
from chalicelib.explain.words import EXAMPLES, clip, count, some, spell

MOST_GROUPS = 8
"""In the state: its 256 KiB are for the drain's memory (https://docs.aws.amazon.com/step-functions/latest/dg/limits.html)."""

LONGEST_TEXT = 300
"""Characters of a subject, a reason or a remedy in the state."""

WIDTH = 110

OUTCOMES = {
    Outcome.MOVES: "moves",
    Outcome.STOPS: "stops, not replaced",
    Outcome.LEAVING: "is leaving",
    Outcome.WAITS: "is waited for",
    Outcome.BLOCKED: "is blocked",
    Outcome.LAST: "leaves last",
}


def render_text(groups: Sequence[BlockerGroup], unread: Sequence[str] = ()) -> str:
    """Return the groups for people: a headline each, then examples with reason and remedy, then "and N more".

    `unread` (of the circumstances) says at the end what AWS refused to show.
    """
    lines = [line for blockers in groups for line in _group_lines(blockers)]
    return "\n".join([*lines, *(f"* Not read: {wording.one_line(one)}" for one in unread)])


def one_line(groups: Sequence[BlockerGroup]) -> str:
    """Return one sentence for logs and subjects of messages: each kind with its first subjects."""
    parts = [f"{one.kind.value}: {_subjects(one)}" for one in groups]
    return some(parts) if parts else "nothing holds the drain"


def _subjects(blockers: BlockerGroup) -> str:
    rest = f" and {blockers.more} more" if blockers.more else ""
    return ", ".join(example.subject for example in blockers.examples) + rest


def _group_lines(blockers: BlockerGroup) -> list[str]:
    held = f" ({count(blockers.tasks, 'task')})" if blockers.tasks else ""
    lines = [f"* {blockers.kind.headline}{held}"]
    for example in blockers.examples:
        # A name that could break the line would write the next one.
        subject, remedy = wording.one_line(example.subject), wording.one_line(example.remedy)
        lines += [
            f"    {subject}",
            *_wrapped("        why:    ", example.reason),
            f"        remedy: {remedy}",
        ]
    return [*lines, f"    and {blockers.more} more"] if blockers.more else lines


def _wrapped(label: str, text: str) -> list[str]:
    # Remedies aren't wrapped: they are pasted.
    return wrap(text, WIDTH, initial_indent=label, subsequent_indent=" " * len(label), break_on_hyphens=False)


def to_state(blockers: Iterable[Blocker], unread: Sequence[str] = ()) -> dict[str, Any]:
    """Return the JSON that the machine carries and notifications publish: 30,000 characters at most."""
    groups = group(blockers)
    shown = groups[:MOST_GROUPS]
    return {
        "blockers": sum(len(one.examples) + one.more for one in groups),
        "needs_a_person": any(not one.kind.resolves_itself for one in groups),
        "summary": clip(one_line(groups), LONGEST_TEXT),
        "groups": [_group_state(one) for one in shown],
        "more_groups": len(groups) - len(shown),
        "unread": [clip(one, LONGEST_TEXT) for one in unread[:EXAMPLES]],
    }


def _group_state(blockers: BlockerGroup) -> dict[str, Any]:
    return {
        "kind": blockers.kind.value,
        "title": blockers.kind.headline,
        "tasks": blockers.tasks,
        "more": blockers.more,
        "examples": [_example_state(example) for example in blockers.examples],
    }


def _example_state(blocker: Blocker) -> dict[str, Any]:
    return {
        "subject": clip(blocker.subject, LONGEST_TEXT),
        "reason": clip(blocker.reason, LONGEST_TEXT),
        "remedy": clip(blocker.remedy, LONGEST_TEXT),
        "ends_at": None if blocker.ends_at is None else stamp(blocker.ends_at),
    }


def render_forecast(told: Forecast) -> str:
    """Return a forecast for people: the verdict, a line a task, then what blocks."""
    lines = [_verdict(told)]
    lines += [f"  {fate.subject} {OUTCOMES[fate.outcome]}: {fate.why}" for fate in told.fates]
    blockers = render_text(group(blocker for blocker in told.blockers if not blocker.kind.resolves_itself))
    return "\n".join([*lines, blockers] if blockers else lines)


def forecast_to_state(told: Forecast) -> dict[str, Any]:
    """Return a forecast as JSON for programs; durations in whole seconds, null where nobody can tell."""
    return {
        "instance": told.instance_id,
        "blocked": told.is_blocked,
        "open_ended": told.is_open_ended,
        "at_least_seconds": _seconds(told.at_least),
        "allow_seconds": _seconds(told.allow),
        "tasks": [
            {
                "task": fate.task_id,
                "subject": fate.subject,
                "outcome": fate.outcome.value,
                "why": fate.why,
                "remedy": fate.remedy,
                "at_least_seconds": _seconds(fate.at_least),
            }
            for fate in told.fates
        ],
        "blockers": to_state(told.blockers),
    }


def _seconds(duration: timedelta | None) -> int | None:
    return None if duration is None else whole_seconds(duration)


def _verdict(told: Forecast) -> str:
    if not told.fates:
        return f"{told.instance_id} holds no task: it can go at once"
    tasks = f"{told.instance_id} holds {count(len(told.fates), 'task')}"
    if told.is_blocked:
        return f"{tasks}: {count(told.count(Outcome.BLOCKED), 'task')} will not leave until somebody acts"
    more = ", and as long as it takes tasks to end by themselves" if told.is_open_ended else ""
    return f"{tasks}: the drain takes at least {spell(told.at_least)} (allow {spell(told.allow)}){more}"
