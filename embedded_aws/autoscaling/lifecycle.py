"""How an instance comes into service and leaves it: the lifecycle states of the User Guide, in order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from embedded_aws.autoscaling import activities, machines
from embedded_aws.autoscaling.activities import (
    INTO_SERVICE,
    NEW_ROOT_VOLUME,
    OUT_OF_POOL,
    OUT_OF_SERVICE,
    POOL_TO_SERVICE,
    Route,
)
from embedded_aws.autoscaling.hooks import LAUNCHING, TERMINATING
from embedded_aws.autoscaling.lifecycle_actions import ABANDON, call_off, wait
from embedded_aws.autoscaling.members import Group, GroupInstance
from embedded_aws.aws import now
from embedded_aws.ecs import agent

BOOT_SECONDS = 30.0
"""From RunInstances until the instance is up (with the ECS agent on it) and its launch hooks begin."""
PROCEED_SECONDS = 1.0
"""In `Terminating:Proceed` and its like."""
REPLACEMENT_SECONDS = 20.0
"""From the old root volume's end to the instance's start from the new one."""


def launch(group: Group, cause: str) -> GroupInstance:
    """Launch a new instance into service: Pending, the launch hooks, InService."""
    member = group.take(GroupInstance(machines.run(group), group))
    activities.begin("Launch", member, cause, INTO_SERVICE)
    member.after(boot_seconds(group), partial(come_up, member, INTO_SERVICE), "comes up")
    return member


def boot_seconds(group: Group) -> float:
    """Return how long a new instance of the group takes to come up."""
    return BOOT_SECONDS if group.boot_seconds is None else group.boot_seconds


def leave_pool(member: GroupInstance, cause: str) -> None:
    """Bring an instance of the warm pool into service; its launch hooks run a second time."""
    member.group.take(member)
    activities.begin("Launch", member, cause, POOL_TO_SERVICE)
    member.after(PROCEED_SECONDS, partial(come_up, member, POOL_TO_SERVICE), "is started")


def come_up(member: GroupInstance, route: Route) -> None:
    """Boot, and hold the instance in Pending:Wait until its launch hooks are done with it."""
    machines.boot(member.instance)
    wait(member, LAUNCHING, "Pending:Wait", route, partial(_launched, member))


def _launched(member: GroupInstance, result: str) -> None:
    if result == ABANDON:  # User Guide: the instance is terminated, and replaced where capacity demands it
        terminate(member, "an instance's launch was abandoned.")
        member.group.changed()
        return
    member.lifecycle_state = "Pending:Proceed"
    member.after(PROCEED_SECONDS, partial(enter_service, member), "enters service")


def enter_service(member: GroupInstance) -> None:
    """Put an instance in service."""
    member.lifecycle_state, member.in_service_at = "InService", now()
    machines.register(member)
    activities.close(member, "Successful")
    member.group.changed()


def terminate(member: GroupInstance, cause: str, hooks: bool = True) -> None:
    """Terminate an instance: target groups first, then the terminate hooks, then EC2.

    Without hooks (a group deleted by force) it goes at once; what it waited for is called off.
    """
    pooled = member.lifecycle_state.startswith("Warmed:")
    prefix, route = ("Warmed:", OUT_OF_POOL) if pooled else ("", OUT_OF_SERVICE)
    call_off(member)
    member.lifecycle_state, member.outgoing = f"{prefix}Terminating", False
    activities.begin("Terminate", member, cause, route)
    if not hooks:
        end(member)
        return
    released = partial(_released, member, prefix)
    off_target_groups(
        member, partial(wait, member, TERMINATING, f"{prefix}Terminating:Wait", route, released)
    )


def off_target_groups(member: GroupInstance, then: Callable[[], None]) -> None:
    """Take an instance off the group's own target groups, and go on once their deregistration delay is over.

    User Guide, "How lifecycle hooks work": this comes before the wait state.
    """
    delay = machines.deregister(member)
    if delay:
        activities.mark(member, "WaitingForELBConnectionDraining")
        member.after(delay, then, "is deregistered")
    else:
        then()


def _released(member: GroupInstance, prefix: str, result: str) -> None:
    member.lifecycle_state = f"{prefix}Terminating:Proceed"
    retained = result == ABANDON and member.group.retains_abandoned
    label = "is retained" if retained else "is terminated"
    step = partial(retain, member, f"{prefix}Terminating") if retained else partial(end, member)
    member.after(PROCEED_SECONDS, step, label)


def retain(member: GroupInstance, state: str) -> None:
    """Keep an abandoned instance until somebody terminates it (User Guide, "Manage retained instances")."""
    member.lifecycle_state = f"{state}:Retained"
    activities.close(member, "Cancelled")
    member.group.changed()


def end(member: GroupInstance) -> None:
    """Terminate the EC2 instance; the group knows it no more."""
    member.lifecycle_state = "Warmed:Terminated" if "Warmed" in member.lifecycle_state else "Terminated"
    machines.terminate(member.instance)
    member.group.drop(member)
    activities.close(member, "Successful")
    member.group.changed()


def replace_root_volume(member: GroupInstance) -> None:
    """Take an instance out of service, replace its root volume and bring it back through its launch hooks.

    User Guide, "Replace root volumes during instance refresh": the EC2 instance stays, its disk is new.
    """
    member.lifecycle_state = "ReplacingRootVolume"
    state, released = "ReplacingRootVolume:Wait", partial(_volume_released, member)
    off_target_groups(member, partial(wait, member, TERMINATING, state, NEW_ROOT_VOLUME, released))


def _volume_released(member: GroupInstance, result: str) -> None:
    if result == ABANDON:  # the guide: where the replacement fails, the instance itself is replaced
        terminate(member, "the replacement of an instance's root volume failed.")
        member.group.changed()
        return
    member.lifecycle_state = "ReplacingRootVolume:Proceed"
    member.after(PROCEED_SECONDS, partial(_wipe, member), "loses its root volume")


def _wipe(member: GroupInstance) -> None:
    """The agent's own state lies on the root volume: with it the old container instance is lost."""
    agent.lose_state(member.instance_id)
    member.after(REPLACEMENT_SECONDS, partial(_volume_replaced, member), "has a new root volume")


def _volume_replaced(member: GroupInstance) -> None:
    member.lifecycle_state = "RootVolumeReplaced"
    member.version, member.image_id = member.group.template_version(), machines.image_of(member.group)
    member.after(PROCEED_SECONDS, partial(_restart, member), "restarts")


def _restart(member: GroupInstance) -> None:
    member.lifecycle_state = "Pending"
    member.after(BOOT_SECONDS, partial(come_up, member, NEW_ROOT_VOLUME), "comes up")
