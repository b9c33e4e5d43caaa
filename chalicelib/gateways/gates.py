"""One look at the gates: ECS for services and instances, SQS for queues, the ledger for slots and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.gates import GateMemory, Holder, Rules, Seen
from chalicelib.gates.deciding import wanted_slots
from chalicelib.gates.leases import Full, without
from chalicelib.gates.standing import Standing, group_names, groups_of, services_to_ask_for, with_health
from chalicelib.gateways import ecs, leases, queues, stateful, stepfunctions
from chalicelib.gateways.stateful import Here
from chalicelib.policy import Gates, Reach

GROUPS_KNOWN_FOR = timedelta(minutes=10)
"""How long it is remembered which services make up a quorum group."""

Containers = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whose gates are looked at, and where."""

    table: str
    """The stage's ledger."""
    containers: Containers
    """The instance's container instance ARNs by cluster."""
    mode: Gates
    rules: Rules
    at: datetime
    reach: Reach | None = None
    """What the tags of services may name."""


def read_gates(question: Question, memory: GateMemory) -> tuple[Seen, GateMemory]:
    """Return everything that the gates are decided from, and the memory with the groups' services; writes nothing.

    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused.
    """
    statuses = _statuses(question.containers)
    here = stateful.read_here(question.containers, question.mode, question.reach)
    memory = _with_members(question, here, memory)
    standings = _standings(question, here, memory)
    groups = groups_of(here.services, memory.members, standings, question.rules.instance_id)
    wanted = wanted_slots(Seen(at=question.at, groups=groups), question.rules)
    to_sign = (task for service in here.services if service.declared.sign_off for task in service.tasks)
    kept = leases.read_kept(question.table, (one.key for one in wanted), to_sign)
    found = {service.declared.queue for service in here.services if service.declared.queue}
    seen = Seen(
        at=question.at,
        services=tuple(with_health(each, standings, question.rules.instance_id) for each in here.services),
        groups=groups,
        queues={queue: queues.count(queue) for queue in sorted(found)},
        sign_offs=kept.sign_offs,
        leases=kept.leases,
        is_draining=bool(statuses) and "ACTIVE" not in statuses,
        is_gone=not statuses,
        unstopped=here.unstopped,
    )
    return seen, memory


def _statuses(containers: Containers) -> set[str]:
    described = [
        one for cluster, arns in containers.items() for one in ecs.describe_container_instances(cluster, arns)
    ]
    return {one.status for one in described if one.status in ("ACTIVE", "DRAINING")}


def _with_members(question: Question, here: Here, memory: GateMemory) -> GateMemory:
    groups = group_names(here.services)
    is_fresh = memory.members_at is not None and question.at - memory.members_at < GROUPS_KNOWN_FOR
    if is_fresh and groups <= set(memory.members):
        return memory
    members = stateful.members(question.containers, groups) if groups else {}
    return replace(memory, members=members, members_at=question.at if groups else None)


def _standings(question: Question, here: Here, memory: GateMemory) -> dict[str, Standing]:
    """Return how the groups' services and those with a standby fare, by `cluster|name`."""
    wanted = services_to_ask_for(here.services, memory.members)
    found: dict[str, Standing] = {}
    for cluster in question.containers:
        names = [key.partition("|")[2] for key in wanted if key.startswith(f"{cluster}|")]
        if names:
            standing = stateful.read_standing(cluster, names, question.at)
            found |= {f"{cluster}|{name}": one for name, one in standing.items()}
    return found


def without_the_dead(seen: Seen, full: Iterable[Full]) -> Seen:
    """Return what was seen without the holders, among these, whose execution ended and freed nothing.

    An instance that such a drain left DRAINING still counts: ECS shows it. Raises what `read_gates` does.
    """
    holders: dict[str, Holder] = {h.execution: h for each in full for h in each.holders}
    dead = [execution for execution in sorted(holders) if not stepfunctions.is_running(execution)]
    if not dead:
        return seen
    return replace(seen, leases={key: without(lease, dead) for key, lease in seen.leases.items()})
