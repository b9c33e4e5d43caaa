"""What can happen in a story, by the name that stories use; each is what AWS or a person would do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from embedded_aws import autoscaling
from embedded_aws.clients import client
from embedded_aws.ecs import agent
from embedded_aws.eventbridge import events_state
from stories import staging
from stories.faults import (
    change_events,
    crash,
    disable_rule,
    enable_rule,
    fail_calls,
    fail_deployment,
    find_events,
    lose_events,
    throttle_first_attempts,
)
from stories.staging import Stage
from stories.world import CLUSTER, GROUP, HOOK


def terminate(stage: Stage, replace: bool = False) -> None:
    """Auto Scaling begins to terminate the instance."""
    stage.world.terminate(stage.doomed, replace=replace)


def deliver_again(stage: Stage) -> None:
    """EventBridge delivers the lifecycle event once more: it promises at least once, not once."""
    name = "EC2 Instance-terminate Lifecycle Action"
    event = next(event for event in events_state().emitted if event["detail-type"] == name)
    client("lambda").invoke(
        FunctionName=stage.deployment.functions["start_drain"],
        InvocationType="Event",
        Payload=json.dumps(event),
    )


def ask(stage: Stage, **request: Any) -> None:
    """A person asks for a drain."""
    client("lambda").invoke(
        FunctionName=stage.deployment.functions["start_manual_drain"],
        InvocationType="Event",
        Payload=json.dumps({"instance_id": stage.doomed, **request}),
    )


def interrupt(stage: Stage) -> None:
    """EC2 gives the Spot instance its two minutes."""
    autoscaling.spot_interruption(stage.doomed)


def recommend_rebalance(stage: Stage) -> None:
    """EC2 sees an elevated risk for the Spot instance."""
    autoscaling.rebalance_recommendation(stage.doomed)


def schedule_change(stage: Stage) -> None:
    """AWS Health announces the retirement of the host."""
    autoscaling.health_scheduled_change([stage.doomed], stage.aws.clock.now())


def complete(stage: Stage, result: str = "CONTINUE") -> None:
    """Somebody else answers the lifecycle action."""
    client("autoscaling").complete_lifecycle_action(
        AutoScalingGroupName=GROUP,
        LifecycleHookName=HOOK,
        InstanceId=stage.doomed,
        LifecycleActionResult=result,
    )


def set_state(stage: Stage, status: str) -> None:
    """A person sets the container instance ACTIVE or DRAINING."""
    arn = stage.world.container_instance(stage.doomed)
    client("ecs").update_container_instances_state(cluster=CLUSTER, containerInstances=[arn], status=status)


def deregister(stage: Stage) -> None:
    """A person takes the container instance out of its cluster."""
    arn = stage.world.container_instance(stage.doomed)
    client("ecs").deregister_container_instance(cluster=CLUSTER, containerInstance=arn, force=True)


def scale_to(_stage: Stage, capacity: int) -> None:
    """A person or a scaling policy sets the group's desired capacity."""
    client("autoscaling").set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=capacity)


def raise_maximum(_stage: Stage, maximum: int, group: str = GROUP) -> None:
    """A person lets a group grow."""
    client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=group, MaxSize=maximum)


def shrink_pool(_stage: Stage) -> None:
    """A person takes the warm pool away: its instances leave it through the terminate hook."""
    client("autoscaling").delete_warm_pool(AutoScalingGroupName=GROUP)


def replace_root_volumes(_stage: Stage) -> None:
    """A person refreshes the group's instances in place."""
    staging.replace_root_volumes()


def stop_instance(stage: Stage) -> None:
    """A person stops the EC2 instance."""
    client("ec2").stop_instances(InstanceIds=[stage.doomed])


def terminate_by_hand(stage: Stage) -> None:
    """A person terminates the EC2 instance, past Auto Scaling."""
    client("ec2").terminate_instances(InstanceIds=[stage.doomed])


def register_again(stage: Stage) -> None:
    """The agent loses its state and registers another container instance."""
    agent.register_again(stage.doomed)


def deploy_definition(stage: Stage, path: str = "") -> None:
    """Somebody deploys a definition of the drain's state machine, today's without a file; its functions stay."""
    client("stepfunctions").update_state_machine(
        stateMachineArn=stage.deployment.state_machine,
        definition=stage.deployment.filled_in(path or "statemachine/drain.asl.json"),
    )


def stop_execution(stage: Stage) -> None:
    """A person stops the execution in the console."""
    sfn = client("stepfunctions")
    running = sfn.list_executions(stateMachineArn=stage.deployment.state_machine, statusFilter="RUNNING")
    for execution in running["executions"]:
        sfn.stop_execution(executionArn=execution["executionArn"], error="Console", cause="by hand")


def abandon_sibling(stage: Stage) -> None:
    """The other team's hook is answered with ABANDON, which ends every other action of the instance."""
    client("autoscaling").complete_lifecycle_action(
        AutoScalingGroupName=GROUP,
        LifecycleHookName=staging.SIBLING,
        InstanceId=stage.doomed,
        LifecycleActionResult="ABANDON",
    )


def complete_sibling(stage: Stage) -> None:
    """The other team's hook is answered with CONTINUE."""
    client("autoscaling").complete_lifecycle_action(
        AutoScalingGroupName=GROUP,
        LifecycleHookName=staging.SIBLING,
        InstanceId=stage.doomed,
        LifecycleActionResult="CONTINUE",
    )


def disconnect(stage: Stage) -> None:
    """The agent loses its connection."""
    agent.disconnect(stage.doomed)


def reconnect(stage: Stage) -> None:
    """The agent is back."""
    agent.reconnect(stage.doomed)


def protect_tasks(stage: Stage, minutes: int) -> None:
    """The tasks on the instance protect themselves from scale-in, as long jobs do."""
    ecs, arn = client("ecs"), stage.world.container_instance(stage.doomed)
    tasks = ecs.list_tasks(cluster=CLUSTER, containerInstance=arn)["taskArns"]
    ecs.update_task_protection(cluster=CLUSTER, tasks=tasks, protectionEnabled=True, expiresInMinutes=minutes)


def update_service(_stage: Stage, service: str, **changes: Any) -> None:
    """A person or a pipeline changes a service."""
    client("ecs").update_service(cluster=CLUSTER, service=service, **changes)


HAPPENINGS: dict[str, Callable[..., None]] = {
    happening.__name__.replace("_", "-"): happening
    for happening in (
        terminate,
        deliver_again,
        ask,
        interrupt,
        recommend_rebalance,
        schedule_change,
        complete,
        set_state,
        deregister,
        scale_to,
        raise_maximum,
        shrink_pool,
        replace_root_volumes,
        stop_instance,
        terminate_by_hand,
        register_again,
        lose_events,
        find_events,
        stop_execution,
        deploy_definition,
        abandon_sibling,
        complete_sibling,
        disconnect,
        reconnect,
        protect_tasks,
        update_service,
        throttle_first_attempts,
        fail_calls,
        fail_deployment,
        change_events,
        crash,
        crash,
        disable_rule,
        enable_rule,
    )
}
