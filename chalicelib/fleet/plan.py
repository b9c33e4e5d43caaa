"""Plan a fleet from what was found: which instances are set DRAINING first, and which drains begin. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.errors import InvalidRequest
from chalicelib.explain.words import count, some
from chalicelib.fleet.request import FleetRequest
from chalicelib.fleet.room import Cramped

AT_ONCE_BY_ECS = 10
"""Container instances a call: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState.html"""

MOST_BYTES = 250_000
"""Of the 256 KiB of a state: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

KEPT_FOR = timedelta(days=90)
"""As long as Step Functions keeps the execution itself."""

OURS = {"managed_draining": "drain"}
"""A capacity provider drains only what Auto Scaling terminates: the fleet's drains set DRAINING themselves."""


@dataclass(frozen=True, slots=True)
class Member:
    """One instance of the fleet as a cluster knows it."""

    instance_id: str
    cluster: str
    arn: str
    """Of the container instance."""
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """What the fleet's state machine goes on with."""

    name: str
    request: FleetRequest
    members: tuple[Member, ...]
    cramped: tuple[Cramped, ...]
    topic: str
    began_at: datetime
    notices: tuple[str, ...] = ()
    own_turn: Mapping[str, str] = field(default_factory=dict)
    """Why an instance is set DRAINING by its own drain alone, by EC2 instance id."""

    @property
    def verdict(self) -> str:
        """`drain`, `no-room`, or `nothing-to-drain` where no cluster knows any of the instances."""
        if not self.members:
            return "nothing-to-drain"
        return "no-room" if self.cramped and not self.request.may_hop else "drain"

    def to_state(self) -> dict[str, Any]:
        """Return the state that every later state reads from; every key is always there."""
        return {
            "verdict": self.verdict,
            "fleet": {
                "name": self.name,
                "ledger_key": f"fleet#{self.name}",
                "max_concurrent": self.request.max_concurrent,
                "stop_after": self.request.stop_after,
                "settings": {**self.request.settings, **OURS},
                "reason": self.request.reason or "-",
                "who": self.request.who or "-",
                "topic": self.topic,
                "notices": list(self.notices),
                "expires_at": str(int((self.began_at + KEPT_FOR).timestamp())),
            },
            "to_set_draining": [] if self.request.may_hop else list(self._batches()),
            "drains": [self._drain(member) for member in self._distinct()],
            "room": self.room,
        }

    @property
    def room(self) -> str:
        """Say in sentences whether the rest of the cluster has room."""
        if not self.cramped:
            return "the rest of the cluster has room for every task of the fleet"
        told = "; ".join(str(each) for each in self.cramped)
        return (
            f"the rest of the cluster has no room for {told}. Scale out first, choose fewer instances, or let "
            "tasks hop (may_hop, --allow-hops)"
        )

    def _batches(self) -> Iterable[dict[str, Any]]:
        for cluster in dict.fromkeys(member.cluster for member in self.members):
            arns = [one.arn for one in self.members if one.cluster == cluster and self._goes_first(one)]
            for start in range(0, len(arns), AT_ONCE_BY_ECS):
                yield {"cluster": cluster, "container_instances": arns[start : start + AT_ONCE_BY_ECS]}

    def _goes_first(self, member: Member) -> bool:
        return member.status == "ACTIVE" and member.instance_id not in self.own_turn

    def _distinct(self) -> Iterable[Member]:
        """Yield one member an instance: one drain empties it in every cluster that knows it."""
        found: dict[str, Member] = {}
        for member in self.members:
            found.setdefault(member.instance_id, member)
        return found.values()

    def _drain(self, member: Member) -> dict[str, Any]:
        """Return a drain; `also`: its instance in other clusters; `was_active`: for machines of the release before."""
        return {
            "instance_id": member.instance_id,
            "name": drain_name(member.instance_id, self.name),
            "cluster": member.cluster,
            "container_instance": member.arn,
            "was_active": member.status == "ACTIVE",
            "also": [
                {"cluster": one.cluster, "container_instance": one.arn}
                for one in self.members
                if one.instance_id == member.instance_id and one.arn != member.arn
            ],
        }


def refuse_too_large(planned: FleetPlan) -> None:
    """Raise InvalidRequest where the plan is more than a state of the machine holds: long names of clusters add up."""
    size = len(json.dumps(planned.to_state()).encode())
    if size > MOST_BYTES:
        number = len(planned.request.instances)
        fitting = max(1, number * MOST_BYTES // size)
        raise InvalidRequest(
            f"the plan of {count(number, 'instance')} takes {size:,} bytes, and its state holds {MOST_BYTES:,}: "
            f"expected at most {count(fitting, 'instance')} at a time of clusters with names so long"
        )


def drain_name(instance_id: str, fleet: str) -> str:
    """Return the name of the drain of one of a fleet's instances: the same fleet begins it once."""
    return f"{instance_id}-{fleet}"[:80]


def plan(
    name: str,
    request: FleetRequest,
    members: Sequence[Member],
    cramped: Sequence[Cramped],
    *,
    topic: str,
    began_at: datetime,
    own_turn: Mapping[str, str] | None = None,
) -> FleetPlan:
    """Return the plan; members come in the order of the request, instances that no cluster knows are told of.

    `own_turn`: why an instance is set DRAINING by its own drain alone, by EC2 instance id.
    """
    order = {instance_id: place for place, instance_id in enumerate(request.instances)}
    unknown = [each for each in request.instances if each not in {member.instance_id for member in members}]
    notices = (
        [f"no cluster knows {some(unknown)}: {count(len(unknown), 'instance')} left out"] if unknown else []
    )
    return FleetPlan(
        name=name,
        request=request,
        members=tuple(sorted(members, key=lambda member: order[member.instance_id])),
        cramped=tuple(cramped),
        topic=topic,
        began_at=began_at,
        notices=(*notices, *own_turn_in_words(own_turn or {})),
        own_turn=own_turn or {},
    )


def own_turn_in_words(own_turn: Mapping[str, str]) -> Iterable[str]:
    """Yield a sentence for each reason: who waits for its own drain, and what that means for other tasks."""
    by_reason: dict[str, list[str]] = {}
    for instance_id, why in own_turn.items():
        by_reason.setdefault(why, []).append(instance_id)
    for why, ids in by_reason.items():
        yield (
            f"{some(ids)}: ACTIVE until the own drain sets DRAINING, because of {why}; tasks of other instances "
            "may move there meanwhile"
        )
