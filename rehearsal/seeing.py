"""Reads what came of a rehearsal from the embedded AWS's own records; the same for one that is live."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.common.duration import in_words
from chalicelib.explain import BlockerKind
from embedded_aws.autoscaling.refresh import ACTIVE, refreshes
from embedded_aws.ecs.model import BEFORE_RUNNING
from embedded_aws.requests.throttles import BUCKET_OF, ECS_RATES
from embedded_aws.stepfunctions.backend import executions_of, find_execution
from rehearsal.harm import killed_of
from rehearsal.lanes import lanes_of
from rehearsal.lines import instance_of, lines_of
from rehearsal.records import TASK_CHANGE, Item, Records
from rehearsal.result import (
    Blocked,
    Cost,
    Effort,
    End,
    ExitCode,
    Killed,
    Lasts,
    Quota,
    Rehearsal,
    StartUp,
)
from rehearsal.watching import ServiceWatch
from stories import timeline
from stories.prices import cost, cost_by_item, transitions_of, usage_of

LEAST = timedelta(minutes=3)
"""A rehearsal lasts that long at least: a Spot Instance goes after two minutes."""
STARTING = timedelta(minutes=15)
"""For so long tasks that start are waited for once all drains have ended."""


class See:
    """Looks on from the moment it is made."""

    def __init__(self, aws: Any, state_machine: str, snapshot: Any) -> None:
        self._aws, self._machine = aws, state_machine
        self._records = Records(aws, state_machine)
        self._watch = ServiceWatch(snapshot.cluster)
        self._quiet_since: datetime | None = None
        self._leaving: set[str] = {
            member.instance_id
            for member in self._records.members()
            if "Terminating" in member.lifecycle_state
        }

    def drains(self) -> tuple[int, int]:
        """Return how many drains have ended, and how many there are."""
        closed = [each.closed.is_set() for each in executions_of(self._machine)]
        return sum(closed), len(closed)

    def is_over(self) -> bool:
        """Whether nothing more is to come: no drain, no refresh, no instance on its way, no task that starts."""
        now = self._aws.clock.now()
        if now - self._records.began_at < LEAST or self._something_goes_on():
            self._quiet_since = None
            return False
        self._quiet_since = self._quiet_since or now
        return now - self._quiet_since >= STARTING or not self._something_starts()

    def _something_goes_on(self) -> bool:
        if not all(each.closed.is_set() for each in executions_of(self._machine)):
            return True
        if any(refresh.status in ACTIVE for refresh in refreshes()):
            return True
        members = [each for each in self._records.members() if each.instance_id not in self._leaving]
        return any(
            each.outgoing or each.instance.state != "running" or _is_under_way(each.lifecycle_state)
            for each in members
        )

    def _something_starts(self) -> bool:
        tasks = (task for service in self._watch.services() for task in service.tasks.values())
        return any(
            task.last_status in BEFORE_RUNNING
            or not task.is_live
            or (not task.is_healthy and not task.script.unhealthy)
            for task in tasks
            if task.instance.agent_connected
        )

    def rehearsal(
        self, wanted: Any, begun_at: datetime, *, is_over: bool, began: tuple[float, int]
    ) -> Rehearsal:
        """Return all that was seen; `began`: this process's CPU seconds and monotonic nanoseconds before it began."""
        records, ended_at = self._records, _whole(self._aws.clock.now())
        lines = lines_of(records)
        ends = tuple(_ends(records))
        blockers = tuple(_blockers(records, {end.instance: end for end in ends}))
        killed = tuple(killed_of(records, ends))
        lasted = _lasted(lines, ends, begun_at)
        verdict, code = _verdict(ends, killed, blockers, lasted, is_over=is_over)
        start_ups = tuple(_start_ups(wanted))
        cpu, wall = time.process_time() - began[0], (time.monotonic_ns() - began[1]) / 1e9
        return Rehearsal(
            variant=wanted.variant,
            seed=wanted.seed,
            began_at=_whole(begun_at),
            ended_at=ended_at,
            is_over=is_over,
            exit_code=code,
            verdict=verdict,
            lasts=Lasts(lasted, lasted, lasted, 1, start_ups, tuple(_stops(wanted))),
            events=lines,
            lanes=lanes_of(records, ended_at, blockers, ends),
            services=self._watch.series(ended_at),
            blockers=blockers,
            killed=killed,
            drains=ends,
            quotas=tuple(_quotas(records)),
            cost=_cost(records),
            effort=Effort(round(cpu, 2), round(wall, 2)),
        )


def _is_under_way(state: str) -> bool:
    return (
        state not in ("InService", "Standby")
        and not state.endswith("Retained")
        and not state.startswith("Warmed:")
    )


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


def _ends(records: Records) -> Iterator[End]:
    continued = {
        call.parameters.get("InstanceId"): call.at
        for call in records.calls
        if call.operation == "CompleteLifecycleAction" and call.error is None
    }
    stopped = _last_stopped(records)
    for each in records.executions:
        instance, plan = instance_of(each), records.plans.get(each["executionArn"], {})
        drain, deadline = plan.get("drain", {}), plan.get("deadline") or {}
        at = continued.get(instance)
        yield End(
            instance=instance,
            drain=each["name"],
            trigger=str(drain.get("trigger", "")),
            started_at=_whole(each["startDate"]),
            ended_at=_whole(each["stopDate"]) if "stopDate" in each else None,
            outcome=timeline.outcome(each) if "stopDate" in each else "open",
            deadline_at=datetime.fromisoformat(deadline["at"]) if deadline.get("at") else None,
            on_deadline=str(deadline.get("action", "")),
            continued_at=_whole(at) if at else None,
            last_stopped_at=stopped.get(instance),
        )


def _last_stopped(records: Records) -> dict[str, datetime]:
    """Return when the last task of each instance was STOPPED."""
    found: dict[str, datetime] = {}
    for event in records.events:
        detail = event["detail"]
        if event["detail-type"] == TASK_CHANGE and detail["lastStatus"] == "STOPPED":
            host = records.hosts.get(detail.get("containerInstanceArn") or "", "")
            found[host] = datetime.fromisoformat(event["time"])
    return found


def _blockers(records: Records, ends: dict[str, End]) -> Iterator[Blocked]:
    """Yield what held each drain, from the first explanation that names it to the first that doesn't, or to the end."""
    open_ones: dict[tuple[str, str, str], Blocked] = {}
    for told in records.explanations:
        at, named = _whole(told.at), set()
        for group in told.groups:
            for example in group["examples"]:
                found = _blocked(told.instance, group, example, at)
                key = told.instance, found.kind, found.service or found.subject
                named.add(key)
                open_ones.setdefault(key, found)
        for key in [key for key in open_ones if key[0] == told.instance and key not in named]:
            yield _cleared(open_ones.pop(key), at)
    for found in open_ones.values():
        end = ends.get(found.instance)
        is_freed = end is not None and end.ended_at is not None and end.outcome in FREED
        yield _cleared(found, end.ended_at) if end and is_freed else found


FREED = ("drained", "returned", "terminated", "nothing-to-drain")


def _cleared(found: Blocked, at: datetime | None) -> Blocked:
    return Blocked(
        **{**{name: getattr(found, name) for name in found.__dataclass_fields__}, "cleared_at": at}
    )


def _blocked(instance: str, group: Item, example: Item, at: datetime) -> Blocked:
    subject = str(example["subject"])
    service = re.match(r"service (\S+)", subject)
    tasks = re.search(r"\(tasks? ([0-9a-f, ]+)", subject)
    return Blocked(
        instance=instance,
        service=service[1] if service else None,
        kind=group["kind"],
        headline=group["title"],
        subject=re.sub(r" \(tasks? .*\)$", "", subject),
        reason=example["reason"],
        remedy=example["remedy"],
        first_seen_at=at,
        cleared_at=None,
        resolves_itself=BlockerKind(group["kind"]).resolves_itself,
        tasks=tuple(tasks[1].replace(" ", "").split(",")) if tasks else (),
    )


def _lasted(lines: Iterable[Any], ends: Iterable[End], begun_at: datetime) -> timedelta:
    """Return the time until the last drain ended, the last instance went and the last new one was in service."""
    of_scaling = [
        line.at for line in lines if line.text in ("is terminated", "is in service", "is in the warm pool")
    ]
    of_drains = [end.ended_at for end in ends if end.ended_at]
    return max([*of_scaling, *of_drains], default=_whole(begun_at)) - _whole(begun_at)


def _verdict(
    ends: tuple[End, ...],
    killed: tuple[Killed, ...],
    blockers: tuple[Blocked, ...],
    lasted: timedelta,
    *,
    is_over: bool,
) -> tuple[str, ExitCode]:
    lost = [one for one in killed if one.why in ("host", "deadline")]
    stuck = {one.instance for one in blockers if not one.resolves_itself and one.cleared_at is None}
    open_ones = [end for end in ends if end.ended_at is None]
    well = sum(end.outcome in FREED for end in ends)
    said = f"{well} of {len(ends)} drains end well in {in_words(lasted)}"
    if lost:
        return f"{said}; {len(lost)} tasks are killed.", ExitCode.KILLED
    if stuck or open_ones or not is_over or well < len(ends):
        stuck |= {end.instance for end in ends if end.outcome not in FREED}
        return f"{said}; {len(stuck) or 1} stuck until somebody acts.", ExitCode.STUCK
    return f"{said}; nothing is killed, and nothing is stuck.", ExitCode.FINE


def _start_ups(wanted: Any) -> Iterator[StartUp]:
    for name, each in sorted(wanted.timings.items()):
        known = each.healthy
        source = "given" if each.is_scripted else known.source
        if each.is_scripted:
            continue
        yield StartUp(name, known.usual, known.least, known.most, source, known.samples)


def _stops(wanted: Any) -> Iterator[StartUp]:
    for name, each in sorted(wanted.timings.items()):
        known = each.stopping
        if not each.is_scripted:
            yield StartUp(name, known.usual, known.least, known.most, known.source, known.samples)


def _quotas(records: Records) -> Iterator[Quota]:
    by_bucket: dict[tuple[str, str], list[Any]] = {}
    for call in records.calls:
        bucket = BUCKET_OF.get(call.operation, "") if call.service == "ecs" else "all operations"
        by_bucket.setdefault((call.service, bucket or call.operation), []).append(call)
    for (service, bucket), calls in sorted(by_bucket.items()):
        seconds = Counter(call.at.replace(microsecond=0) for call in calls)
        burst, sustained = ECS_RATES.get(bucket, (None, None)) if service == "ecs" else (None, None)
        throttled = sum(call.error == "ThrottlingException" for call in calls)
        yield Quota(service, bucket, len(calls), max(seconds.values()), burst, sustained, throttled)


def _cost(records: Records) -> Cost:
    transitions = sum(
        transitions_of(str(event["type"]) for event in find_execution(each["executionArn"]).history)
        for each in records.executions
    )
    invoked = [(each.function_name, each.event) for each in records.invocations]
    usage = usage_of(((call.operation, call.parameters) for call in records.calls), invoked, transitions)
    items = {name: round(dollars, 6) for name, dollars in cost_by_item(usage).items()}
    return Cost(round(cost(usage), 6), items, transitions, len(invoked), len(records.calls))
