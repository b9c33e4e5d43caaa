"""What holds the drain as a whole: the instance's status, its agent, and who else drains it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chalicelib.common.model import stamp
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.circumstances import Circumstances
from chalicelib.explain.words import count, since, spell

MANAGED_HOOK = "ecs-managed-draining-termination-hook"
"""The hook that ECS puts on the Auto Scaling group of a capacity provider with managed draining."""


def instance_blockers(world: Circumstances, at: datetime) -> Iterator[Blocker]:
    """Yield the blockers that concern every task on the instance."""
    if world.drain_began_at is not None and world.instance.status == "ACTIVE":
        yield _set_active(world, world.drain_began_at)
    if not world.instance.agent_connected and world.tasks:
        yield agent_disconnected(world, at)
    if world.managed_draining_by is not None and world.tasks:
        yield _managed_draining(world.managed_draining_by)


def _set_active(world: Circumstances, began_at: datetime) -> Blocker:
    instance = world.instance
    return Blocker(
        BlockerKind.SET_ACTIVE,
        f"container instance {instance.ec2_instance_id}",
        f"it is ACTIVE, though its drain began at {stamp(began_at)}: somebody took it back",
        "if that was a mistake: aws ecs update-container-instances-state "
        f"--cluster {world.cluster} --container-instances {instance.arn} --status DRAINING",
        tuple(task.id for task in world.tasks),
    )


def agent_disconnected(world: Circumstances, at: datetime) -> Blocker:
    """Explain an agent out of reach: since when, until when the drain waits for it, and what brings it back."""
    instance, lost_at = world.instance, world.agent_disconnected_since
    gives_up_at = None if lost_at is None else lost_at + world.dead_agent_after
    if gives_up_at is None:
        patience = f"the drain waits {spell(world.dead_agent_after)} for it"
    else:
        waits = "waits" if at < gives_up_at else "waited"
        patience = f"the drain {waits} for it until {stamp(gives_up_at)} (dead_agent_after)"
    return Blocker(
        BlockerKind.AGENT_DISCONNECTED,
        f"container instance {instance.ec2_instance_id}",
        f"its agent is disconnected {since(lost_at, at)}: ECS can't tell "
        f"{count(len(world.tasks), 'task')} to stop, nor see whether they did; {patience}",
        f"restart the agent: aws ssm start-session --target {instance.ec2_instance_id}, "
        "then sudo systemctl restart ecs; if the instance is gone, aws ecs deregister-container-instance "
        f"--cluster {world.cluster} --container-instance {instance.arn} --force",
        tuple(task.id for task in world.tasks),
        gives_up_at,
    )


def _managed_draining(provider: str) -> Blocker:
    return Blocker(
        BlockerKind.MANAGED_DRAINING,
        f"capacity provider {provider}",
        f"it drains this instance too and keeps it by its own hook, {MANAGED_HOOK}, for up to 48 h: "
        "this drain only watches",
        "nothing to do; for deadlines and policies of this drain, turn managed draining off: aws ecs "
        f"update-capacity-provider --name {provider} --auto-scaling-group-provider managedDraining=DISABLED",
    )
