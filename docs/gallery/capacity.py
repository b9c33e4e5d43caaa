"""Stories of capacity providers: where a strategy lets ECS place, and whether a new instance will come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.common.model import AutoScalingGroup, Task
from chalicelib.common.services import ServiceEvent, Share, TaskDefinition
from chalicelib.explain.blocker import BlockerKind
from chalicelib.explain.capacity import Provider
from chalicelib.explain.circumstances import Circumstances
from docs.gallery.worlds import (
    DEFINITION,
    NOW,
    OTHER,
    THIRD,
    World,
    a_service,
    a_world,
    an_instance,
    elsewhere,
    home,
    instance_arn,
    leaving,
    task_arn,
)

LARGE = {DEFINITION: TaskDefinition(cpu=1536, memory=3000)}
"""Half an instance is too little for two of them."""


def a_provider(name: str = "web", group: dict[str, Any] | None = None, **changes: Any) -> Provider:
    """Return a capacity provider with managed scaling, its group at 2 of at most 6 instances."""
    own: dict[str, Any] = {"desired": 2, "maximum": 6} | (group or {})
    counted, launching, going = own.pop("counted", 2), own.pop("launching", 0), own.pop("leaving", ())
    states = {f"i-{number}": "Pending" if number < launching else "InService" for number in range(counted)}
    own["states"] = states | dict.fromkeys(going, "Terminating:Wait")
    given: dict[str, Any] = {"group_name": f"{name}-ecs", "manages_scaling": True, "target_capacity": 90}
    return Provider(name, **given | changes, group=AutoScalingGroup(f"{name}-ecs", **own))


def by_providers(*providers: Provider, **changes: Any) -> Circumstances:
    """Return the usual world, its service sent to provider "web", as are both instances."""
    service = {"shares": (Share("web", weight=1),), "tasks": (elsewhere(capacity_provider="web"),)}
    service |= changes.pop("service", {})
    given: dict[str, Any] = {
        "instance": home(capacity_provider="web"),
        "others": (an_instance(capacity_provider="web", cpu=0),),
        "providers": {one.name: one for one in providers},
    }
    return a_world(a_service(**service), **given | changes)


def waiting(minutes: int) -> Task:
    """Return a replacement that is PROVISIONING for so many minutes."""
    return Task(
        task_arn(8),
        last_status="PROVISIONING",
        created_at=NOW - timedelta(minutes=minutes),
        capacity_provider="web",
    )


CAPACITY = (
    World(
        BlockerKind.PROVIDER_EMPTY,
        "One capacity provider an Availability Zone, with an instance each: the only one of the service's is drained.",
        by_providers(
            a_provider("web-a", {"desired": 1, "counted": 1}, manages_scaling=False),
            instance=home(capacity_provider="web-a"),
            others=(an_instance(capacity_provider="web-b"), an_instance(THIRD, capacity_provider="web-c")),
            service={"shares": (Share("web-a", weight=1),), "tasks": ()},
        ),
    ),
    World(
        BlockerKind.AT_MAXIMUM,
        "The strategy names a provider whose group has as many instances as it may.",
        by_providers(a_provider(group={"desired": 6, "counted": 6})),
    ),
    World(
        BlockerKind.LAUNCH_SUSPENDED,
        "Somebody suspended launches during an incident, and forgot.",
        by_providers(a_provider(group={"suspended": frozenset({"Launch", "AZRebalance"})})),
    ),
    World(
        BlockerKind.INSTANCE_OVERDUE,
        "Managed scaling asked for an instance, and EC2 has none of its type.",
        by_providers(a_provider(), service={"tasks": (waiting(minutes=12),), "pending": 1}),
    ),
    World(
        BlockerKind.LAUNCH_TYPE,
        "The service was created with --launch-type EC2 beside services that use the capacity provider.",
        by_providers(a_provider(), service={"shares": (), "launch_type": "EC2"}),
    ),
    World(
        BlockerKind.NO_FARGATE,
        "The service's strategy has moved to Fargate Spot; its last tasks on instances are to follow.",
        by_providers(
            service={
                "shares": (Share("FARGATE_SPOT", weight=1),),
                "tasks": (),
                "events": (
                    ServiceEvent(
                        NOW,
                        "(service api) was unable to place a task. Reason: Capacity is unavailable at this time. "
                        "Please try again later or in a different availability zone.",
                    ),
                ),
            }
        ),
    ),
    World(
        BlockerKind.BEHIND_STOPPING,
        "The replacement has its instance, where an old task takes its time to stop and keeps what the new one needs.",
        by_providers(
            a_provider(),
            service={
                "tasks": (elsewhere(8, last_status="PENDING", created_at=NOW - timedelta(minutes=2)),),
                "pending": 1,
                "maximum_percent": 150,
            },
            stopping_beside={instance_arn(OTHER): (leaving(3, service="cart"),)},
        ),
    ),
    World(
        BlockerKind.TARGET_CAPACITY,
        "One task fills an instance, and managed scaling keeps exactly as many instances as there are tasks.",
        by_providers(
            a_provider(target_capacity=100), task_definitions=LARGE, service={"tasks": (waiting(minutes=2),)}
        ),
    ),
    World(
        BlockerKind.AWAITS_INSTANCE,
        "The instances are full, and managed scaling is launching one more.",
        by_providers(
            a_provider(group={"desired": 3, "counted": 3, "launching": 1}),
            service={"tasks": (waiting(minutes=2),)},
        ),
    ),
)
