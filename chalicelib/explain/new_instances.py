"""Whether an instance for a replacement will come: managed scaling, the group behind it, and how long it may take.

A task of a strategy that fits nowhere is PROVISIONING while managed scaling launches an instance for it: at most 100
tasks of a cluster, each for 10 to 30 minutes, then it is STOPPED and the service tries again.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.common.model import AutoScalingGroup, ContainerInstance, Task, stamp
from chalicelib.explain import remedies
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.capacity import Provider
from chalicelib.explain.case import Case
from chalicelib.explain.placement import emptied, match, with_task
from chalicelib.explain.providers import growing, is_provisioning
from chalicelib.explain.words import count, name_of, short, since, some, spell

EXPECTED_WITHIN = timedelta(minutes=5)
"""A minute until the metric is published and its alarm rings, and what an instance usually takes to boot and register.

https://aws.amazon.com/blogs/containers/deep-dive-on-amazon-ecs-cluster-auto-scaling/
"""

EXPECTED_FROM_WARM_POOL = timedelta(minutes=3)
"""Where instances that are initialised wait in a warm pool: the metric's minute, and a start.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html
"""

GIVEN_UP_FROM = timedelta(minutes=10)
"""A task may be PROVISIONING for 10 to 30 minutes: an instance that takes longer comes too late for it."""


def new_instance(case: Case, lack: str) -> Blocker | None:
    """Say whether an instance will come for a replacement that finds no room, and why; None where nothing tells.

    `lack`: the sentence that says why there is no room now.
    """
    hopeful = [one for one in _growing(case) if one.group and _would_fit(case, one)]
    if not hopeful:
        return None
    provider = min(hopeful, key=lambda one: (_obstacle(one) is not None, one.name))
    obstacle = _obstacle(provider)
    if obstacle is None:
        return _awaited(case, provider, lack)
    kind, why, remedy = obstacle
    return case.blocker(kind, f"{lack}, and no new instance will come: {why}", remedy)


def behind_stopping(case: Case) -> Blocker | None:
    """Explain a replacement that is PENDING on an instance where another task still stops; None where none is.

    The agent starts a task once those before it have given back what it needs: "Waiting for any previous stops to
    complete" (https://github.com/aws/amazon-ecs-agent, agent/engine/task_manager.go).
    """
    world = case.world
    for task in case.service.tasks:
        stopping = world.stopping_beside.get(task.container_instance_arn, ())
        if stopping and task.last_status == "PENDING" and task.desired_status == "RUNNING":
            names = [one.ec2_instance_id for one in world.others if one.arn == task.container_instance_arn]
            where = names[0] if names else task.container_instance_arn
            waits = some([f"{name_of(one)} ({one.last_status})" for one in stopping])
            return case.blocker(
                BlockerKind.BEHIND_STOPPING,
                f"replacement {short(task.id)} is PENDING on {where} {since(task.created_at, case.at)}, behind what "
                f"still stops there: {waits}",
                f"{remedies.NOTHING}; stopTimeout in its task definition, and the deregistration delay, set the time",
            )
    return None


def _growing(case: Case) -> Iterable[Provider]:
    """Return the providers that may bring an instance: those that scale, and those whose group launches anyhow."""
    world = case.world
    if world.shares_of(case.service):
        found: Iterable[Provider] = growing(world, case.service)
    else:
        own = world.providers.get(world.instance.capacity_provider)
        return [own] if own and own.group and own.group.is_launching else []
    return [one for one in found if one.manages_scaling or (one.group and one.group.is_launching)]


def _obstacle(provider: Provider) -> tuple[BlockerKind, str, str] | None:
    group = provider.group or AutoScalingGroup(provider.group_name)
    if provider.stops_launches:
        stopped = " and ".join(provider.stops_launches)
        why = (
            f"{stopped} of Auto Scaling group {group.name} {'is' if ' ' not in stopped else 'are'} suspended"
        )
        return BlockerKind.LAUNCH_SUSPENDED, why, remedies.resume(group.name, provider.stops_launches)
    if group.is_full and not group.is_launching:
        whose = f"Auto Scaling group {group.name} of capacity provider {provider.name}"
        why = f"{whose} is at its maximum of {group.maximum}"
        return BlockerKind.AT_MAXIMUM, why, remedies.raise_maximum(group)
    return None


def _awaited(case: Case, provider: Provider, lack: str) -> Blocker:
    group = provider.group or AutoScalingGroup(provider.group_name)
    since = provisioning_since(case.service.tasks)
    if since is not None and case.at - since >= GIVEN_UP_FROM:
        return case.blocker(
            BlockerKind.INSTANCE_OVERDUE,
            f"{lack}; a replacement is PROVISIONING for {spell(case.at - since)}, since {stamp(since)}, and no "
            "instance came: ECS gives it up after 10 to 30 min and tries again",
            f"see why: {remedies.scaling_activities(group.name)}",
        )
    patience = EXPECTED_WITHIN if not group.warm else EXPECTED_FROM_WARM_POOL
    expected = (
        f"a new instance of Auto Scaling group {group.name} is expected {_within(since, case.at, patience)}"
    )
    reason = f"{lack}; {expected} ({_numbers(group)})"
    taken = group.leaving - {case.world.instance.ec2_instance_id}
    if taken and provider.manages_scaling and not provider.protects:
        return case.blocker(
            BlockerKind.AWAITS_INSTANCE,
            f"{reason}; meanwhile the group takes {count(len(taken), 'instance')} away again",
            f"{remedies.NOTHING}; so that what was launched for tasks stays: {remedies.protect(provider)}",
        )
    if _keeps_no_spare(case, provider):
        return case.blocker(
            BlockerKind.TARGET_CAPACITY,
            f"{reason}; target capacity {provider.target_capacity} % and one such task an instance leave none spare",
            f"{remedies.NOTHING}; for the next drain keep one spare: {remedies.lower_target(provider, group)}",
        )
    return case.blocker(BlockerKind.AWAITS_INSTANCE, reason, remedies.NOTHING)


def provisioning_since(tasks: Iterable[Task]) -> datetime | None:
    """Return since when the oldest replacement waits for an instance, or None where none does."""
    return min((task.created_at for task in tasks if is_provisioning(task) and task.created_at), default=None)


def _within(since: datetime | None, at: datetime, patience: timedelta) -> str:
    if since is None:
        return f"within {spell(patience)} of the replacement's first try"
    left = since + patience - at
    return f"within {spell(left)}" if left > timedelta(0) else f"any moment, {spell(-left)} late by now"


def _numbers(group: AutoScalingGroup) -> str:
    warm = f", {group.warm} in its warm pool" if group.warm else ""
    coming = max(group.launching, group.desired - group.counted)
    launching = f", {coming} launching" if coming else ""
    return f"{count(group.desired, 'instance')} desired of at most {group.maximum}{launching}{warm}"


def _of(case: Case, provider: Provider) -> list[ContainerInstance]:
    known = (case.world.instance, *case.world.others)
    return [emptied(one) for one in known if one.capacity_provider == provider.name and one.registered_cpu]


def _would_fit(case: Case, provider: Provider) -> bool:
    """Whether an instance like those that the provider has could take the task; of one without any, nobody knows."""
    alike = _of(case, provider)
    return not alike or any(match(case.world, case.service, one).fits for one in alike)


def _keeps_no_spare(case: Case, provider: Provider) -> bool:
    needs = case.world.definition_of(case.service.task_definition_arn)
    is_alone = any(one.type == "distinctInstance" for one in (*needs.constraints, *case.service.constraints))
    alike = [with_task(one, needs) for one in _of(case, provider)]
    takes_one = is_alone or not any(match(case.world, case.service, one).fits for one in alike)
    return provider.manages_scaling and provider.target_capacity == 100 and bool(alike) and takes_one
