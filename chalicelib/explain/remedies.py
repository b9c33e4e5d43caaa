"""The commands and settings that free a blocker, written so that they can be pasted."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.explain.arithmetic import greatest_minimum_percent, least_maximum_percent
from chalicelib.explain.circumstances import Circumstances, Service, TargetGroup
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
