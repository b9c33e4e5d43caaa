"""Stories of single tasks and of the container instance, and the world that `plan` is shown in."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.common.services import TaskDefinition
from chalicelib.explain.blocker import BlockerKind
from chalicelib.explain.circumstances import Protection
from docs.gallery.worlds import (
    BEHIND_A_LOAD_BALANCER,
    DAEMON,
    DEFINITION,
    GROUP,
    NOW,
    TARGET_GROUP,
    World,
    a_service,
    a_task,
    a_world,
    home,
    leaving,
    task_arn,
)

INSTANCE = (
    World(
        BlockerKind.SET_ACTIVE,
        "In mid-drain somebody sets the container instance ACTIVE again.",
        a_world(instance=home(status="ACTIVE")),
    ),
    World(
        BlockerKind.AGENT_DISCONNECTED,
        "The agent lost its connection three minutes ago; ECS can't reach the containers.",
        a_world(
            instance=home(agent_connected=False),
            agent_disconnected_since=NOW - timedelta(minutes=3),
            tasks=(a_task(1), a_task(2)),
        ),
    ),
    World(
        BlockerKind.MANAGED_DRAINING,
        "The capacity provider has managed draining on, so ECS drains the instance by itself as well.",
        a_world(managed_draining_by="web-spot", drain_began_at=NOW - timedelta(minutes=1)),
    ),
)

TASKS = (
    World(
        BlockerKind.STOP_OVERDUE,
        "The container ignores even SIGKILL: it hangs in an uninterruptible read.",
        a_world(tasks=(leaving(told=timedelta(minutes=12)),)),
    ),
    World(
        BlockerKind.PROTECTED,
        "The task protects itself from scale-in while it works on a long job.",
        a_world(protections={task_arn(1): Protection(NOW + timedelta(minutes=95))}),
    ),
    World(
        BlockerKind.STANDALONE,
        "Five jobs that a scheduler started with RunTask are still at work.",
        a_world(
            tasks=tuple(
                a_task(
                    n,
                    group="family:report",
                    started_by="nightly-reports",
                    started_at=NOW - timedelta(hours=n),
                )
                for n in range(1, 6)
            )
        ),
    ),
    World(
        BlockerKind.UNEXPLAINED,
        "The role of the function may not describe services.",
        a_world(services={}, unread=("services: DescribeServices was answered with AccessDeniedException",)),
    ),
    World(
        BlockerKind.DEREGISTERING,
        "The load balancer gives open connections five minutes to end.",
        a_world(
            BEHIND_A_LOAD_BALANCER,
            target_groups={TARGET_GROUP: GROUP},
            tasks=(leaving(last_status="DEACTIVATING"),),
        ),
    ),
    World(
        BlockerKind.STOPPING,
        "The containers got SIGTERM and finish their work.",
        a_world(
            tasks=(leaving(),),
            task_definitions={DEFINITION: TaskDefinition(512, 512, stop_timeout=timedelta(seconds=120))},
        ),
    ),
    World(
        BlockerKind.MOVING,
        "The drain has just begun, and the replacement is about to start: nothing is wrong.",
        a_world(drain_began_at=NOW - timedelta(minutes=1)),
    ),
    World(
        BlockerKind.DAEMON_LAST,
        "A log daemon serves the task that is still there.",
        a_world(DAEMON, tasks=(a_task(1, group="family:report"), a_task(2, "logs"))),
    ),
)

PLANNED = a_world(
    BEHIND_A_LOAD_BALANCER,
    a_service(name="billing", maximum_percent=100),
    DAEMON,
    instance=home(status="ACTIVE"),
    drain_began_at=None,
    target_groups={TARGET_GROUP: GROUP},
    tasks=(
        a_task(1),
        a_task(2, "billing"),
        a_task(3, "logs"),
        a_task(4, group="family:report", started_by="nightly-reports", started_at=NOW - timedelta(hours=2)),
    ),
)
"""What `ecs-drainer plan` is asked about."""
