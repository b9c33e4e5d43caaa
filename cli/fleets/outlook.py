"""What draining a fleet would come to, and what speaks against it: before anything is touched. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.common.model import Task
from chalicelib.explain.arithmetic import can_never_move
from chalicelib.explain.words import count, some, spell
from chalicelib.fleet import Cramped, room_for
from chalicelib.fleet.plan import own_turn_in_words
from chalicelib.gateways.fleet import Surroundings
from cli.fleets.selection import Described
from cli.instances import short
from cli.refusals import FORCE, STANDALONE, left_alone
from cli.tables import columns

ALLOW_HOPS = "--allow-hops"
HEADER = ("instance", "group", "zone", "image", "template", "age", "status", "tasks")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What draining these instances would come to."""

    chosen: tuple[Described, ...]
    cramped: tuple[Cramped, ...]
    deadlocked: tuple[str, ...]
    """Services whose percents let no task move, however much room there is."""
    staying: int
    """How many ACTIVE instances with a connected agent are left."""
    unsaid: Mapping[str, Sequence[Task]] = field(default_factory=dict)
    """By EC2 id, the standalone tasks of which nobody has said what is to become of them."""
    own_turn: Mapping[str, str] = field(default_factory=dict)
    """Why an instance is set DRAINING by its own drain alone, by EC2 id."""
    open_drains: Mapping[str, str] = field(default_factory=dict)
    """The name of the drain that has an instance already, by EC2 id."""

    @property
    def instance_ids(self) -> tuple[str, ...]:
        """The EC2 ids, each once, in order."""
        return tuple(dict.fromkeys(one.instance_id for one in self.chosen))

    @property
    def is_blocked(self) -> bool:
        """Whether anything speaks against draining the fleet as things stand."""
        return next(against(self), None) is not None


@dataclass(frozen=True, slots=True)
class Against:
    """One thing that speaks against draining the fleet."""

    kind: str
    sentence: str
    flag: str
    """What overrides it."""

    def __str__(self) -> str:
        return f"{self.sentence} (override with {self.flag})"

    @property
    def record(self) -> dict[str, str]:
        """The same for programs."""
        return {"kind": self.kind, "sentence": self.sentence, "override": self.flag}


def look_ahead(
    chosen: Sequence[Described],
    found: Sequence[Surroundings],
    unsaid: Mapping[str, Sequence[Task]],
    own_turn: Mapping[str, str],
    open_drains: Mapping[str, str],
) -> Outlook:
    """Return the outlook of the chosen instances, given what surrounds them in each cluster."""
    deadlocked = {
        service.name
        for each in found
        for service in each.world.services.values()
        if can_never_move(service) and _is_on(each, service)
    }
    return Outlook(
        chosen=tuple(chosen),
        cramped=tuple(cramped for each in found for cramped in room_for(each.world, each.doomed)),
        deadlocked=tuple(sorted(deadlocked)),
        staying=sum(one.takes_tasks for each in found for one in each.world.others),
        unsaid=unsaid,
        own_turn=own_turn,
        open_drains=open_drains,
    )


def _is_on(each: Surroundings, service: Any) -> bool:
    homes = {one.arn for one in each.doomed}
    return any(task.container_instance_arn in homes for task in service.tasks)


def against(outlook: Outlook) -> Iterator[Against]:
    """Yield what speaks against draining the fleet now, each with the flag that overrides it."""
    for instance_id, drain in outlook.open_drains.items():
        sentence = (
            f"{instance_id} is being drained already by {drain}; leave it out, "
            f"or follow that with `ecs-drainer watch {instance_id}`"
        )
        yield Against("already-open", sentence, FORCE)
    if outlook.cramped:
        yield _no_room(outlook)
    if outlook.deadlocked:
        sentence = (
            f"the minimum and maximum percent of {some(outlook.deadlocked)} let no task move: instances with their "
            "tasks will wait for their deadline"
        )
        yield Against("deadlocked", sentence, FORCE)
    if outlook.unsaid:
        tasks = [task for each in outlook.unsaid.values() for task in each]
        yield Against("standalone-tasks", left_alone(tasks, f" on {some(list(outlook.unsaid))}"), STANDALONE)


def _no_room(outlook: Outlook) -> Against:
    """Hops need somewhere to end: where no instance stays, they are no way out."""
    lacking = "; ".join(str(each) for each in outlook.cramped)
    if not outlook.staying:
        sentence = f"no instance would stay to take the tasks: {lacking}. Scale out first, or choose fewer"
        return Against("no-room", sentence, FORCE)
    verb = "has" if outlook.staying == 1 else "have"
    sentence = (
        f"the {count(outlook.staying, 'instance')} that would stay {verb} no room for all tasks: {lacking}. "
        "Scale out first, or let tasks move from one chosen instance to the next"
    )
    return Against("no-room", sentence, ALLOW_HOPS)


def render(
    outlook: Outlook, max_concurrent: int, at: datetime, overridden: Mapping[str, bool] | None = None
) -> str:
    """Return the plan of a fleet for people; what flags override was said in warnings before."""
    still = [one for one in against(outlook) if not (overridden or {}).get(one.flag)]
    tasks = sum(one.tasks for one in outlook.chosen)
    clusters = some(sorted({short(one.cluster) for one in outlook.chosen}))
    size = count(len(outlook.instance_ids), "instance")
    lines = [
        columns(HEADER, [_row(one, at) for one in outlook.chosen]),
        "",
        f"{size} of cluster {clusters} with {count(tasks, 'task')}; {_staying(outlook.staying)}.",
    ]
    if not outlook.cramped:
        who = f"all but {len(outlook.own_turn)}" if outlook.own_turn else "all"
        lines.append(
            f"The others have room for every task: {who} become DRAINING first, so that no task moves twice."
        )
    lines += own_turn_in_words(outlook.own_turn)
    lines += [f"Against it: {one}" for one in still]
    return "\n".join(
        [*lines, f"At most {count(max_concurrent, 'drain')} at once, the oldest instance first."]
    )


def _staying(number: int) -> str:
    return {0: "no other stays", 1: "1 other stays"}.get(number, f"{number} others stay")


def _row(one: Described, at: datetime) -> tuple[str, ...]:
    age = spell(at - one.launched_at) if one.launched_at else "unknown"
    status = one.status if one.is_connected else f"{one.status}, agent disconnected"
    return (one.instance_id, one.group, one.zone, one.image, one.template, age, status, str(one.tasks))


def record(outlook: Outlook) -> dict[str, Any]:
    """Return the plan of a fleet for programs."""
    return {
        "instances": [
            {
                "instance_id": one.instance_id,
                "cluster": short(one.cluster),
                "auto_scaling_group": one.group or None,
                "availability_zone": one.zone,
                "image": one.image,
                "launch_template": one.template or None,
                "launched_at": one.launched_at,
                "status": one.status,
                "tasks": one.tasks,
            }
            for one in outlook.chosen
        ],
        "staying": outlook.staying,
        "own_turn": dict(outlook.own_turn),
        "open_drains": dict(outlook.open_drains),
        "against": [each.record for each in against(outlook)],
    }
