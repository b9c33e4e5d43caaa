"""The tasks of a rehearsal that didn't end by themselves in peace, by what ended them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rehearsal.records import TASK_CHANGE, Item, Records, service_of
from rehearsal.result import End, Killed

SIGKILLED = 137
"""The exit code of a container that SIGKILL ended."""


def killed_of(records: Records, ends: Iterable[End]) -> Iterator[Killed]:
    """Yield the tasks that went with their instance, those that drains stopped, and those that outlived SIGTERM."""
    details = {
        event["detail"]["taskArn"]: event["detail"]
        for event in records.events
        if event["detail-type"] == TASK_CHANGE
    }
    yield from _with_their_host(records, details)
    yield from _by_the_drain(records, details, ends)
    yield from _by_their_stop_timeout(records, details)


def _with_their_host(records: Records, details: dict[str, Item]) -> Iterator[Killed]:
    known = {arn: group for tasks in records.tasks.values() for arn, group in tasks.items()}
    for each in records.killed:
        service = service_of(known.get(each.task_arn) or details.get(each.task_arn, {}).get("group", ""))
        said = f"{each.last_status} when its instance went"
        yield Killed(_short(each.task_arn), service, each.instance_id, _whole(each.at), "host", said)


def _by_the_drain(records: Records, details: dict[str, Item], ends: Iterable[End]) -> Iterator[Killed]:
    deadlines = {end.instance: end.deadline_at for end in ends}
    for call in records.calls:
        if call.operation != "StopTask" or call.error:
            continue
        given = {key.lower(): value for key, value in call.parameters.items()}
        detail = details.get(given["task"], {})
        instance = _host(records, detail)
        due = deadlines.get(instance)
        why = "deadline" if due and call.at >= due else "policy"
        said = str(given.get("reason", "stopped by the drain"))
        service = service_of(detail.get("group", ""))
        yield Killed(_short(given["task"]), service, instance, _whole(call.at), why, said)


def _by_their_stop_timeout(records: Records, details: dict[str, Item]) -> Iterator[Killed]:
    for arn, detail in details.items():
        is_killed = any(one.get("exitCode") == SIGKILLED for one in detail["containers"])
        if is_killed and detail["lastStatus"] == "STOPPED":
            at = _whole(datetime.fromisoformat(detail["stoppedAt"]))
            said = "SIGKILL after its stop timeout"
            service = service_of(detail["group"])
            yield Killed(_short(arn), service, _host(records, detail), at, "stop-timeout", said)


def _host(records: Records, detail: Item) -> str:
    return records.hosts.get(detail.get("containerInstanceArn") or "", "")


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
