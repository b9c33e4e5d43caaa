"""A question that takes a capacity provider: what ECS's managed draining makes of an instance that is set ACTIVE.

The throwaway group gets the provider for it, after all other trials: those would be drained by ECS as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from chalicelib.common.errors import AwsRefused
from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK
from cli.first_run.findings import Seen, Unsettled
from cli.first_run.making import REGISTERED_WITHIN
from cli.first_run.of_instances import HOOK, RUNS_WITHIN, Answer, Ground

EMPTIED_WITHIN = 600.0
ATTACHED_WITHIN = 300.0
DRAINS_WITHIN = 600.0
LOOKS_AGAIN_AFTER = 180.0
"""Seconds after which an instance that was set ACTIVE is looked at again."""
HELD = "Terminating:Wait"


def set_active(ground: Ground) -> Mapping[str, Seen]:
    """Set an instance ACTIVE that ECS drains by its own hook; returns whether it is so minutes later."""
    _empty(ground)
    provider = _provide(ground)
    instance = _instance_of(ground, provider)
    arn, instance_id = instance["containerInstanceArn"], instance["ec2InstanceId"]
    _occupy(ground, arn)
    _scale(ground, 0)
    what = "ECS sets an instance DRAINING that its group terminates"
    ground.maker.account.wait_for(what, lambda: _status(ground, arn) == "DRAINING" or None, DRAINS_WITHIN)
    answer = ground.set_state(arn, "ACTIVE")
    if answer != {"failures": []}:
        raise Unsettled(f"what ECS drains could not be set ACTIVE: {answer}")
    ended = ground.maker.account.watch(lambda: _no_longer_held(ground, instance_id), LOOKS_AGAIN_AFTER)
    if ended:
        raise Unsettled(f"ECS let the instance go once it was ACTIVE: {ended}")
    status = _status(ground, arn)
    answers = {"ACTIVE": "stays-active", "DRAINING": "drained-again"}
    if status not in answers:
        raise Unsettled(f"the container instance was {status}")
    evidence = {"status": status, "seconds_later": int(LOOKS_AGAIN_AFTER), "lifecycle_state": HELD}
    return {"active-under-managed-draining": Seen(answers[status], evidence)}


def _empty(ground: Ground) -> None:
    """Let go what the group has: instances that registered before there is a provider may not become its own."""
    group = {"AutoScalingGroupName": ground.group}
    with suppress(AwsRefused):  # there is none, unless the trial of lifecycle actions has put it
        ground.maker.account.ask("autoscaling", "delete_lifecycle_hook", LifecycleHookName=HOOK, **group)
    _scale(ground, 0)
    what = f"the group {ground.group} has no instances"
    ground.maker.account.wait_for(what, lambda: not _described(ground)["Instances"] or None, EMPTIED_WITHIN)


def _scale(ground: Ground, to: int) -> None:
    given = {"AutoScalingGroupName": ground.group, "DesiredCapacity": to}
    ground.maker.account.ask("autoscaling", "set_desired_capacity", **given)


def _described(ground: Ground) -> Answer:
    given = {"AutoScalingGroupNames": [ground.group]}
    found = ground.maker.account.ask("autoscaling", "describe_auto_scaling_groups", **given)
    described: Answer = found["AutoScalingGroups"][0]
    return described


def _provide(ground: Ground) -> str:
    """Give the cluster a capacity provider of the group, with managed draining; returns its name."""
    name = ground.maker.provider(_described(ground)["AutoScalingGroupARN"])
    ground.maker.account.ask_until_taken(
        "ecs",
        "put_cluster_capacity_providers",
        cluster=ground.cluster,
        capacityProviders=[name],
        defaultCapacityProviderStrategy=[],
    )
    what = f"ECS puts {MANAGED_DRAINING_HOOK} on the group"
    ground.maker.account.wait_for(what, lambda: _is_attached(ground) or None, ATTACHED_WITHIN)
    return name


def _is_attached(ground: Ground) -> bool:
    given = {"AutoScalingGroupName": ground.group}
    hooks = ground.maker.account.ask("autoscaling", "describe_lifecycle_hooks", **given)["LifecycleHooks"]
    return any(hook["LifecycleHookName"] == MANAGED_DRAINING_HOOK for hook in hooks)


def _instance_of(ground: Ground, provider: str) -> Answer:
    """Launch an instance; returns its container instance once ECS counts it among the provider's."""
    _scale(ground, 1)
    what = f"a container instance of {provider} has registered"
    return ground.maker.account.wait_for(what, lambda: _registered(ground, provider), REGISTERED_WITHIN)


def _registered(ground: Ground, provider: str) -> Answer | None:
    return next((one for one in ground.instances() if one.get("capacityProviderName") == provider), None)


def _occupy(ground: Ground, arn: str) -> None:
    """Run a task there that is no service's: DRAINING doesn't stop it, so that it holds ECS's drain."""
    started = ground.ask(
        "start_task",
        taskDefinition=ground.maker.task_definition(),
        containerInstances=[arn],
        tags=ground.maker.run.tags("key", "value"),
    )
    if not started["tasks"]:
        raise Unsettled(f"the task could not be started: {started['failures'][0].get('reason')}")
    task = started["tasks"][0]["taskArn"]
    runs = "the task on what ECS is to drain is RUNNING"
    ground.maker.account.wait_for(
        runs, lambda: ground.task(task)["lastStatus"] == "RUNNING" or None, RUNS_WITHIN
    )


def _status(ground: Ground, arn: str) -> str:
    found = ground.ask("describe_container_instances", containerInstances=[arn])["containerInstances"]
    return str(found[0]["status"]) if found else "no longer there"


def _no_longer_held(ground: Ground, instance_id: str) -> str | None:
    """Return the lifecycle state of an instance that no hook holds any more."""
    given = {"InstanceIds": [instance_id]}
    found = ground.maker.account.ask("autoscaling", "describe_auto_scaling_instances", **given)
    states = [str(one["LifecycleState"]) for one in found["AutoScalingInstances"]]
    return None if states == [HELD] else " ".join(states) or "no longer there"
