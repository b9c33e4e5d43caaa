"""The commands and settings that free a blocker, written so that they can be pasted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from chalicelib.common.model import AutoScalingGroup
from chalicelib.common.services import Service
from chalicelib.explain.arithmetic import greatest_minimum_percent, least_maximum_percent
from chalicelib.explain.capacity import Provider
from chalicelib.explain.circumstances import Circumstances, TargetGroup
from chalicelib.explain.providers import growing
from chalicelib.explain.words import some

NOTHING = "nothing to do"

LAUNCH_FIRST = (
    "for the next instance refresh set MinHealthyPercentage to 100 and MaxHealthyPercentage above 100, "
    "so that new instances are launched before old ones drain"
)
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-maintenance-policy.html"""


def widen_percents(world: Circumstances, service: Service, has_place: bool) -> str:
    """Return the smallest change of the percents that lets a task move: start first where it fits."""
    if not has_place:
        return f"{stop_first(world, service)}, for no other instance has room"
    percent = max(service.maximum_percent, least_maximum_percent(service.desired))
    wanted = f"minimumHealthyPercent={service.minimum_percent},maximumPercent={percent}"
    return f"{_configure(world, service)} {wanted}: the replacement then starts first"


def stop_first(world: Circumstances, service: Service) -> str:
    """Return the smallest change of the minimum that lets a task stop before its replacement starts."""
    percent = min(service.minimum_percent, greatest_minimum_percent(service.desired))
    wanted = f"minimumHealthyPercent={percent},maximumPercent={service.maximum_percent}"
    return f"{_configure(world, service)} {wanted}: a task then stops first"


def _configure(world: Circumstances, service: Service) -> str:
    return f"{update_service(world, service)} --deployment-configuration"


def update_service(world: Circumstances, service: Service) -> str:
    """Return the start of an update-service command."""
    return f"aws ecs update-service --cluster {world.cluster} --service {service.name}"


def describe_events(world: Circumstances, service: Service) -> str:
    """Return the command that shows a service's newest events."""
    return (
        f"aws ecs describe-services --cluster {world.cluster} --services {service.name} "
        "--query 'services[].events[:5].message'"
    )


def stop_task(world: Circumstances, task_id: str) -> str:
    """Return the command that stops one task."""
    return f"aws ecs stop-task --cluster {world.cluster} --task {task_id}"


def stop_task_of_service(world: Circumstances, task_id: str) -> str:
    """Return the command that stops one task, and its price: StopTask ignores the minimum percent."""
    return f"{stop_task(world, task_id)} (the service is one short until its replacement is healthy)"


def more_room(world: Circumstances) -> str:
    """Return how to get one more container instance."""
    if world.auto_scaling_group is None:
        return "add a container instance to the cluster"
    return f"raise the desired capacity of Auto Scaling group {world.auto_scaling_group} by one"


def more_room_for(world: Circumstances, service: Service) -> str:
    """Return how to get one more container instance on which ECS may place a service's tasks."""
    groups = [one.group_name for one in growing(world, service)]
    if not groups:
        return more_room(world)
    return f"raise the desired capacity of Auto Scaling group {' or '.join(groups)} by one"


def raise_maximum(group: AutoScalingGroup) -> str:
    """Return the command that lets a group grow by one instance; managed scaling then launches it."""
    return (
        f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {group.name} "
        f"--max-size {group.maximum + 1}: managed scaling then launches it"
    )


def resume(group: str, processes: tuple[str, ...]) -> str:
    """Return the command that lets suspended processes of a group run again."""
    return (
        f"aws autoscaling resume-processes --auto-scaling-group-name {group} "
        f"--scaling-processes {' '.join(processes)}"
    )


def scaling_activities(group: str) -> str:
    """Return the command that shows why a group launches nothing."""
    return (
        f"aws autoscaling describe-scaling-activities --auto-scaling-group-name {group} --max-items 5 "
        "--query 'Activities[].StatusMessage'"
    )


def lower_target(provider: Provider, group: AutoScalingGroup) -> str:
    """Return the command that has managed scaling keep one instance more than tasks need."""
    target = -(-100 * group.desired // (group.desired + 1)) or 1
    return (
        f"aws ecs update-capacity-provider --name {provider.name} "
        f"--auto-scaling-group-provider 'managedScaling={{status=ENABLED,targetCapacity={target}}}'"
    )


def protect(provider: Provider) -> str:
    """Return the command that keeps scale-in away from instances with tasks.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-termination-protection.html
    """
    return (
        f"aws ecs update-capacity-provider --name {provider.name} --auto-scaling-group-provider "
        "managedTerminationProtection=ENABLED (the group needs scale-in protection of new instances)"
    )


def use_providers(world: Circumstances, service: Service, providers: Iterable[str]) -> str:
    """Return the command that has ECS place a service's tasks by these capacity providers, evenly."""
    shares = " ".join(f"capacityProvider={name},weight=1" for name in providers)
    return f"{update_service(world, service)} --capacity-provider-strategy {shares} --force-new-deployment"


def unprotect(world: Circumstances, task_ids: tuple[str, ...]) -> str:
    """Return the command that takes scale-in protection off; UpdateTaskProtection takes ten tasks a call."""
    named = " ".join(task_ids[:10])
    return f"aws ecs update-task-protection --cluster {world.cluster} --tasks {named} --no-protection-enabled"


def shorten_deregistration(groups: tuple[TargetGroup, ...], delay: timedelta) -> str:
    """Return the setting that makes the next drain shorter."""
    names = some([group.name for group in groups if group.deregistration_delay == delay])
    return (
        f"{NOTHING}; for the next drain lower deregistration_delay.timeout_seconds of {names} "
        "(aws elbv2 modify-target-group-attributes) if requests there are short"
    )
