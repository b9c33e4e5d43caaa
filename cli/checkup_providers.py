"""What `ecs-drainer doctor` says of capacity providers and the groups behind them, and what it judges them by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from chalicelib.explain import remedies
from chalicelib.explain.words import some
from chalicelib.gateways import ecs
from chalicelib.gateways.autoscaling import auto_scaling_group
from chalicelib.gateways.aws import client, translated
from cli.checkup_found import Capacity, Complaint, Group, Level

Complaints = Iterator[Complaint]
PROTECTION = "managed termination protection"
HARM = {
    "Launch": "no instance replaces one that is drained, and managed scaling brings none",
    "Terminate": "nothing scales in, and what is drained for that stays until it is resumed",
}
"""What it means for a drain if the process is suspended."""


def read_capacity(group: str, names: Iterable[str]) -> Capacity:
    """Return what a group's drains meet beyond its hooks; `names`: the capacity providers of its instances."""
    with translated():
        answer = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    found = next(iter(answer["AutoScalingGroups"]), None)
    if found is None:
        return Capacity()
    own = auto_scaling_group(found)
    policy = found.get("InstanceMaintenancePolicy") or {}
    balancers = (*found.get("TargetGroupARNs", ()), *found.get("LoadBalancerNames", ()))
    return Capacity(
        providers=tuple(
            replace(one, group=own if one.group_name == group else None)
            for one in ecs.capacity_providers(names).values()
        ),
        attached=tuple(balancers),
        suspended=own.suspended,
        healthy_percents=_percents(policy),
    )


def _percents(policy: dict[str, Any]) -> tuple[int, int] | None:
    # -1 clears a value: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceMaintenancePolicy.html
    least, most = policy.get("MinHealthyPercentage", -1), policy.get("MaxHealthyPercentage", -1)
    return None if least < 0 or most < 0 else (least, most)


def _warning(found: Group, sentence: str, remedy: str) -> Complaint:
    return Complaint(Level.WARNING, f"group {found.group.name}", sentence, remedy)


def termination_protection(found: Group) -> Complaints:
    """Protected instances are passed over by scale-in and, unless told otherwise, by an instance refresh.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-termination-protection.html
    """
    for provider in found.capacity.providers:
        off = (
            f"aws ecs update-capacity-provider --name {provider.name} "
            "--auto-scaling-group-provider managedTerminationProtection=DISABLED"
        )
        if provider.protects and not provider.manages_scaling:
            sentence = f"{PROTECTION} of {provider.name} is on, and without managed scaling it does nothing"
            yield _warning(found, sentence, off)
        elif provider.protects and found.ours:
            names = some([hook.name for hook in found.ours])
            sentence = (
                f"{PROTECTION} of {provider.name} keeps scale-in away from instances with tasks: hook "
                f"{names} drains only what is terminated otherwise, and an instance refresh passes them over"
            )
            yield _warning(
                found,
                sentence,
                f"for a refresh set ScaleInProtectedInstances to Refresh; to let scale-in drain: {off}",
            )


def no_room_for_one(found: Group) -> Complaints:
    """Where nothing is spare and nothing may be launched, a drain by hand finds no place for a replacement."""
    for provider in found.capacity.providers:
        group = provider.group
        if (
            group is None
            or not group.is_full
            or not provider.manages_scaling
            or provider.target_capacity < 100
        ):
            continue
        sentence = (
            f"capacity provider {provider.name} keeps no instance spare (target capacity 100 %), and the group is at "
            f"its maximum of {group.maximum}: a replacement that must start first finds no place"
        )
        spare = remedies.lower_target(provider, group)
        yield _warning(found, sentence, f"{remedies.raise_maximum(group)}; to keep one spare, {spare}")


def attached_balancers(found: Group) -> Complaints:
    """Auto Scaling takes an instance off the group's own target groups before its lifecycle hooks hold it.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html
    """
    if found.capacity.attached:
        names = some(
            [name.rpartition("targetgroup/")[-1].partition("/")[0] for name in found.capacity.attached]
        )
        sentence = (
            f"load balancers are attached to the group itself ({names}): its targets leave them, for their whole "
            "deregistration delay, before the lifecycle action begins, while the tasks still run"
        )
        remedy = (
            "let the services register their tasks, then aws autoscaling detach-traffic-sources "
            f"--auto-scaling-group-name {found.group.name} --traffic-sources Identifier=..."
        )
        yield _warning(found, sentence, remedy)


def suspended_processes(found: Group) -> Complaints:
    """Suspended during an incident, forgotten after it."""
    for process in sorted(HARM.keys() & found.capacity.suspended):
        sentence = f"its process {process} is suspended: {HARM[process]}"
        yield _warning(found, sentence, remedies.resume(found.group.name, (process,)))


def terminates_first(found: Group) -> Complaints:
    """An instance maintenance policy below 100 % terminates before the replacement is in service.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-maintenance-policy.html
    """
    percents = found.capacity.healthy_percents
    if percents is not None and percents[0] < 100 and percents[1] <= 100:
        sentence = (
            f"its instance maintenance policy ({percents[0]} to {percents[1]} % healthy) terminates an instance before "
            "its replacement is in service: what a drain moves finds less room"
        )
        remedy = (
            f"aws autoscaling update-auto-scaling-group --auto-scaling-group-name {found.group.name} "
            "--instance-maintenance-policy MinHealthyPercentage=100,MaxHealthyPercentage=110"
        )
        yield _warning(found, sentence, remedy)


PROVIDER_RULES: Sequence[Callable[[Group], Complaints]] = (
    termination_protection,
    no_room_for_one,
    attached_balancers,
    suspended_processes,
    terminates_first,
)
