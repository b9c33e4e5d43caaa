"""A plan as people and programs read it: what would move, stay or block, whether there is room, how long. Pure."""

from __future__ import annotations

from typing import Any

from chalicelib.common.model import stamp
from chalicelib.explain import Fate, group, render_forecast, render_text, to_state
from chalicelib.explain.words import spell
from chalicelib.policy.deadline import action_then
from chalicelib.policy.sources import DEFAULTS
from cli.instances import short
from cli.outlook import room_for, time_needed
from cli.prospects import Prospect
from cli.refusals import asked_in_vain

SETTINGS_TOLD = ("deadline", "on_deadline", "standalone_tasks", "then")


def render(prospect: Prospect) -> str:
    """Return the plan of one instance for people."""
    lines = [_who(prospect)]
    for world, told in zip(prospect.worlds, prospect.forecasts, strict=True):
        where = f"cluster {world.cluster}: " if len(prospect.worlds) > 1 else ""
        lines += [f"  {line}" for line in render_forecast(told).splitlines()]
        lines.append(f"  Room: {where}{room_for(world, told)}.")
        lines += [f"  Not read: {sentence}" for sentence in world.unread]
    lines += _gates(prospect)
    if prospect.worlds:
        lines.append(f"  Deadline: {_deadline(prospect)}.")
    lines += [f"  Note: {notice}" for notice in prospect.plan.drain.notices]
    lines += [f"  Against it: {objection.sentence}" for objection in asked_in_vain(prospect)]
    return "\n".join(lines)


def _who(prospect: Prospect) -> str:
    instances = prospect.findings.in_service
    known = [
        f"container instance {short(one.arn)} of cluster {short(one.cluster)}, {one.status}"
        for one in instances
    ]
    group = prospect.findings.group
    state = (
        f"Auto Scaling group {group.name}, {prospect.lifecycle_state or 'not in it'}"
        if group
        else "in no Auto Scaling group"
    )
    return f"{prospect.instance_id} ({'; '.join([*known, state]) if known else 'no container instance in service'})"


def _gates(prospect: Prospect) -> list[str]:
    if prospect.plan.gates.is_passed:
        return []
    if not prospect.gates:
        return ["  Gates: asked before DRAINING is set; none is closed now."]
    told = render_text(group(prospect.gates)).splitlines()
    return ["  Gates: asked before DRAINING is set; closed now:", *(f"  {line}" for line in told)]


def _deadline(prospect: Prospect) -> str:
    policy, sources = prospect.policy, prospect.plan.drain.sources
    then = action_then(prospect.plan.to_state())
    why = (
        f"{_from(sources['on_deadline'])}, which without a lifecycle action"
        if then != policy.on_deadline
        else ""
    )
    ending = f"{policy.on_deadline} ({why} is {then})" if why else f"{then} ({_from(sources['on_deadline'])})"
    return f"{spell(policy.deadline)} from the start ({_from(sources['deadline'])}), then {ending}"


def _from(origin: str) -> str:
    return "built in" if origin == DEFAULTS else f"from {origin}"


def record(prospect: Prospect) -> dict[str, Any]:
    """Return the same for programs; durations in seconds."""
    at_least, allow = time_needed(prospect.forecasts)
    group = prospect.findings.group
    return {
        "instance_id": prospect.instance_id,
        "container_instances": [
            {"arn": one.arn, "cluster": one.cluster, "status": one.status}
            for one in prospect.findings.in_service
        ],
        "auto_scaling_group": group.name if group else None,
        "lifecycle_state": prospect.lifecycle_state,
        "can_end": not prospect.is_blocked,
        "at_least_seconds": int(at_least.total_seconds()),
        "allow_seconds": int(allow.total_seconds()),
        "is_open_ended": any(told.is_open_ended for told in prospect.forecasts),
        "deadline_at": stamp(prospect.plan.times.deadline_at),
        "policy": prospect.policy.to_state(),
        "on_deadline": action_then(prospect.plan.to_state()),
        "sources": dict(prospect.plan.drain.sources),
        "gates": None if prospect.plan.gates.is_passed else to_state(prospect.gates),
        "notices": list(prospect.plan.drain.notices),
        "against": [objection.record for objection in asked_in_vain(prospect)],
        "tasks": [_fate(fate) for told in prospect.forecasts for fate in told.fates],
        "room": [_room(prospect, number) for number in range(len(prospect.worlds))],
    }


def _fate(fate: Fate) -> dict[str, Any]:
    return {
        "task": fate.task_id,
        "subject": fate.subject,
        "outcome": fate.outcome.value,
        "why": fate.why,
        "remedy": fate.remedy,
        "at_least_seconds": None if fate.at_least is None else int(fate.at_least.total_seconds()),
    }


def _room(prospect: Prospect, number: int) -> dict[str, Any]:
    room = room_for(prospect.worlds[number], prospect.forecasts[number])
    return {
        "cluster": prospect.worlds[number].cluster,
        "places": room.places,
        "cpu_left": room.cpu_left,
        "memory_left_mib": room.memory_left,
        "cpu_needed": room.cpu_needed,
        "memory_needed_mib": room.memory_needed,
        "tasks_without_place": room.without_place,
    }
