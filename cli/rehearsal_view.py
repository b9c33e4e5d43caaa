"""A rehearsal's answer as text: what happens, for how long, what is stuck or killed, and what it costs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from chalicelib.common.duration import in_words
from chalicelib.common.model import stamp
from chalicelib.explain.words import count
from cli.tables import columns
from rehearsal.result import Answer, EventKind, Lasts, Rehearsal, StartUp

MOST_LINES = 40
IN_SHORT = (EventKind.AUTO_SCALING, EventKind.EC2, EventKind.DRAIN, EventKind.INSTANCE, EventKind.SERVICE)
"""What the short timeline tells; tasks and notices are for `--timeline`."""


def view(answer: Answer) -> str:
    """Return the whole text: the variants side by side, then the cluster as it is."""
    first = answer.variants[0]
    head = f"cluster {answer.cluster}, as of {stamp(answer.snapshot_at)}: {answer.scenario}"
    parts = [head, _variants(answer.variants), *_parts(first)]
    if answer.not_rehearsed:
        parts.append("\n".join(["Not rehearsed", *(f"  {each}" for each in answer.not_rehearsed)]))
    return "\n\n".join([*parts, first.verdict])


def _variants(variants: Sequence[Rehearsal]) -> str:
    header = ("variant", "lasts", "drained", "stuck", "killed", "below minimum", "cost", "exit code")
    return columns(header, [_row(each) for each in variants])


def _row(each: Rehearsal) -> tuple[str, ...]:
    stuck = {one.instance for one in each.blockers if not one.resolves_itself and one.cleared_at is None}
    stuck |= {end.instance for end in each.drains if end.ended_at is None}
    lost = [one for one in each.killed if one.why in ("host", "deadline")]
    below = [f"{one.service} {in_words(_total(one.below))}" for one in each.services if one.below]
    drained = sum(end.outcome == "drained" for end in each.drains)
    return (
        each.variant,
        lasts_text(each.lasts),
        f"{drained} of {len(each.drains)}",
        str(len(stuck)),
        str(len(lost)),
        ", ".join(below) or "-",
        f"${each.cost.dollars:.4f}",
        str(each.exit_code),
    )


def lasts_text(lasts: Lasts) -> str:
    """Return how long it lasts, with the range where there is one."""
    if lasts.least == lasts.most:
        return in_words(lasts.expected)
    return f"{in_words(lasts.expected)} ({in_words(lasts.least)} to {in_words(lasts.most)})"


def _total(below: Sequence[object]) -> timedelta:
    return sum((one.ends_at - one.begins_at for one in below), timedelta(0))  # type: ignore[attr-defined]  # Below


def _parts(each: Rehearsal) -> Iterator[str]:
    yield "\n".join(["What happens when", *_short_timeline(each)])
    if told := list(_stuck(each)):
        yield "\n".join(["What gets stuck", *told])
    if told := list(_below(each)):
        yield "\n".join(["Below their minimum", *told])
    if told := list(_killed(each)):
        yield "\n".join(["Killed", *told])
    yield "\n".join(["What it comes to", *_figures(each)])


def timeline_text(each: Rehearsal) -> str:
    """Return every line of the timeline."""
    return "\n".join(["Timeline", *(_line(each, event) for event in each.events)])


def _short_timeline(each: Rehearsal) -> list[str]:
    told = [event for event in each.events if event.kind in IN_SHORT]
    lines = [_line(each, event) for event in told[:MOST_LINES]]
    more = len(told) - len(lines)
    return [*lines, f"  and {more} lines more: --timeline shows them all"] if more > 0 else lines


def _line(each: Rehearsal, event: object) -> str:
    at, instance, text = event.at, event.instance, event.text  # type: ignore[attr-defined]  # Event
    return f"  {_clock(each, at)}  {instance or '-'}  {text}"


def _clock(each: Rehearsal, at: datetime) -> str:
    seconds = int((at - each.began_at).total_seconds())
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def _stuck(each: Rehearsal) -> Iterator[str]:
    for one in each.blockers:
        if not one.resolves_itself:
            until = f"until {_clock(each, one.cleared_at)}" if one.cleared_at else "to the end"
            yield f"  {_clock(each, one.first_seen_at)} {until}  {one.instance}  {one.subject}: {one.headline}"
            yield f"    why:    {one.reason}"
            yield f"    remedy: {one.remedy}"


def _below(each: Rehearsal) -> Iterator[str]:
    for one in each.services:
        for below in one.below:
            span = f"{_clock(each, below.begins_at)} to {_clock(each, below.ends_at)}"
            yield f"  {span}  {one.service}: {below.fewest} healthy at worst, minimum {one.minimum}"


def _killed(each: Rehearsal) -> Iterator[str]:
    for one in each.killed:
        name = one.service or "no service"
        yield f"  {_clock(each, one.at)}  {one.instance}  task {one.task[:8]} of {name}: {one.text}"


def _figures(each: Rehearsal) -> Iterator[str]:
    outcomes = Counter(end.outcome for end in each.drains)
    took = [end.took for end in each.drains if end.took]
    yield f"  drains        {', '.join(f'{number} {name}' for name, number in sorted(outcomes.items())) or 'none'}"
    if took:
        yield f"  a drain takes {in_words(min(took))} to {in_words(max(took))}"
    yield f"  all of it     {lasts_text(each.lasts)}; {count(each.lasts.runs, 'rehearsal')}"
    for start_up in each.lasts.start_ups:
        yield f"  start-up      {_start_up(start_up)}"
    for past in each.past:
        yield (
            f"  past drains   {in_words(past.took)} at the median of {past.drains} that moved "
            f"{', '.join(past.services)}; rehearsed {in_words(past.rehearsed)}, {past.error:+.0%}"
        )
    for quota in each.quotas:
        if quota.sustained:
            refused = f", {quota.throttled} throttled" if quota.throttled else ""
            yield (
                f"  API calls     {quota.service} {quota.bucket}: {quota.calls}, {quota.busiest_second} in the busiest "
                f"second of {quota.burst} at once and {quota.sustained:g} a second{refused}"
            )
    yield (
        f"  cost          ${each.cost.dollars:.4f} at list price: {each.cost.transitions} transitions, "
        f"{each.cost.invocations} invocations"
    )


def _start_up(one: StartUp) -> str:
    span = f" ({one.least:g} to {one.most:g} s)" if one.least < one.most else ""
    known = f"{one.source}, {count(one.samples, 'sample')}" if one.samples else one.source
    return f"{one.service}: {one.seconds:g} s{span} from placement to healthy, {known}"
