"""The lanes of a rehearsal: what each instance does, from its first instant to its last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rehearsal.records import INSTANCE_CHANGE, TASK_CHANGE, Records, name_of
from rehearsal.result import Blocked, End, Lane, LaneState, Span
from stories.timeline import STORIES

SPOT = "EC2 Spot Instance Interruption Warning"


@dataclass
class _Marks:
    """What changes an instance's state, by instant; a later one of the same instant wins."""

    instance: str
    is_new: bool
    changes: list[tuple[datetime, LaneState]] = field(default_factory=list)
    held: list[tuple[datetime, str]] = field(default_factory=list)
    """What it held from an instant on, in words."""


def lanes_of(
    records: Records, ended_at: datetime, blockers: Iterable[Blocked], ends: Iterable[End]
) -> tuple[Lane, ...]:
    """Return a lane an instance, those that were there before first."""
    marks = {
        one: _Marks(one, False, [(records.began_at, LaneState.IN_SERVICE)]) for one in sorted(records.old)
    }
    _mark_activities(records, marks)
    _mark_events(records, marks)
    _mark_calls(records, marks)
    _mark_ends(ends, marks)
    _mark_tasks(records, marks)
    stuck = _stuck(blockers, ended_at)
    return tuple(
        Lane(one.instance, records.zones.get(one.instance, ""), one.is_new, _spans(one, ended_at, stuck))
        for one in marks.values()
    )


def _mark(marks: dict[str, _Marks], instance: str, at: datetime, state: LaneState) -> None:
    known = marks.setdefault(instance, _Marks(instance, is_new=True))
    known.changes.append((at.astimezone(UTC).replace(microsecond=0), state))


def _mark_activities(records: Records, marks: dict[str, _Marks]) -> None:
    for each in records.activities:
        state = LaneState.LAUNCHING if each.kind == "Launch" else LaneState.WARNED
        _mark(marks, each.member.instance_id, each.start_time, state)


def _mark_events(records: Records, marks: dict[str, _Marks]) -> None:
    seen: set[str] = set()
    for event in records.events:
        at, kind, detail = datetime.fromisoformat(event["time"]), event["detail-type"], event["detail"]
        if kind == SPOT:
            _mark(marks, detail["instance-id"], at, LaneState.WARNED)
        elif kind == INSTANCE_CHANGE:
            arn, instance = detail["containerInstanceArn"], detail["ec2InstanceId"]
            if detail["status"] == "INACTIVE":
                _mark(marks, instance, at, LaneState.TERMINATED)
            elif detail["status"] == "ACTIVE" and arn not in records.tasks and arn not in seen:
                _mark(marks, instance, at, LaneState.IN_SERVICE)
            seen.add(arn)
        elif kind.endswith("Successful"):
            told = STORIES[kind, detail["Destination"]]
            state = {"is terminated": LaneState.TERMINATED, "is in the warm pool": LaneState.POOLED}.get(told)
            if state:
                _mark(marks, detail["EC2InstanceId"], at, state)


def _mark_calls(records: Records, marks: dict[str, _Marks]) -> None:
    for call in records.calls:
        if call.error:
            continue
        given = {key.lower(): value for key, value in (call.parameters or {}).items()}
        if call.operation == "UpdateContainerInstancesState":
            state = LaneState.DRAINING if given["status"] == "DRAINING" else LaneState.IN_SERVICE
            for arn in given["containerinstances"]:
                _mark(marks, records.hosts.get(arn, arn), call.at, state)
        elif call.operation == "CompleteLifecycleAction":
            _mark(marks, given["instanceid"], call.at, LaneState.CONTINUED)


def _mark_ends(ends: Iterable[End], marks: dict[str, _Marks]) -> None:
    for end in ends:
        if end.ended_at and end.continued_at is None and end.outcome != "returned":
            _mark(marks, end.instance, end.ended_at, LaneState.KEPT)


def _mark_tasks(records: Records, marks: dict[str, _Marks]) -> None:
    held = {arn: dict(tasks) for arn, tasks in records.tasks.items()}
    for arn, tasks in held.items():
        _note_held(records, marks, arn, tasks, records.began_at)
    for event in records.events:
        if event["detail-type"] != TASK_CHANGE:
            continue
        detail = event["detail"]
        tasks = held.setdefault(detail.get("containerInstanceArn") or "", {})
        before = len(tasks)
        if detail["lastStatus"] == "STOPPED":
            tasks.pop(detail["taskArn"], None)
        else:
            tasks[detail["taskArn"]] = detail["group"]
        if len(tasks) != before:
            at = datetime.fromisoformat(event["time"])
            _note_held(records, marks, detail.get("containerInstanceArn") or "", tasks, at)


def _note_held(
    records: Records, marks: dict[str, _Marks], arn: str, tasks: Mapping[str, str], at: datetime
) -> None:
    known = marks.get(records.hosts.get(arn, ""))
    if known is not None:
        counts = Counter(name_of(group) for group in tasks.values())
        said = ", ".join(f"{number} of {name}" for name, number in sorted(counts.items()))
        known.held.append((at, said))


def _stuck(
    blockers: Iterable[Blocked], ended_at: datetime
) -> dict[str, list[tuple[datetime, datetime, str]]]:
    found: dict[str, list[tuple[datetime, datetime, str]]] = {}
    for each in blockers:
        if not each.resolves_itself:
            until = each.cleared_at or ended_at
            found.setdefault(each.instance, []).append(
                (each.first_seen_at, until, f"{each.subject}: {each.headline}")
            )
    return found


def _spans(
    marks: _Marks, ended_at: datetime, stuck: Mapping[str, list[tuple[datetime, datetime, str]]]
) -> tuple[Span, ...]:
    """Cut the lane at every change; alike neighbours are one span."""
    own = stuck.get(marks.instance, [])
    changes = sorted(marks.changes, key=lambda change: change[0])
    instants = (
        {at for at, _ in changes} | {at for at, _ in marks.held} | {at for each in own for at in each[:2]}
    )
    begins = [at for at in sorted(instants) if changes and changes[0][0] <= at <= ended_at]
    spans: list[Span] = []
    for begin, end in zip(begins, [*begins[1:], ended_at], strict=True):
        state = [each for at, each in changes if at <= begin][-1]
        state, waits_for = _detail(state, begin, marks, own)
        if spans and (spans[-1].state, spans[-1].waits_for) == (state, waits_for):
            spans[-1] = Span(spans[-1].begins_at, end, state, waits_for)
        elif end > begin or not spans:
            spans.append(Span(begin, end, state, waits_for))
    return tuple(spans)


def _detail(
    state: LaneState, at: datetime, marks: _Marks, stuck: list[tuple[datetime, datetime, str]]
) -> tuple[LaneState, str]:
    if state is not LaneState.DRAINING:
        return state, ""
    held = [said for since, said in marks.held if since <= at]
    why = [said for since, until, said in stuck if since <= at < until]
    waits_for = "; ".join([*(held[-1:] if held and held[-1] else []), *dict.fromkeys(why)])
    return (LaneState.STUCK if why else LaneState.DRAINING), waits_for
