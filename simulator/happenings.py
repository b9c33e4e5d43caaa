"""What can happen in a story, by the name that stories use; each is what AWS or a person would do."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator import autoscaling
from simulator.aws import EmbeddedAws
from simulator.clients import client
from simulator.deployment import Deployment
from simulator.ecs import agent
from simulator.eventbridge import events_state
from simulator.requests import Call, Fault
from simulator.requests.log import RATE_EXCEEDED
from simulator.world import CLUSTER, GROUP, HOOK, World

THROTTLED_ANEW_AFTER = timedelta(seconds=70)


@dataclass(frozen=True)
class Stage:
    """Where a story plays."""

    aws: EmbeddedAws
    world: World
    deployment: Deployment
    doomed: str
    """The EC2 instance that the story is about."""


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


def disconnect(stage: Stage) -> None:
    """The agent loses its connection."""
    agent.disconnect(stage.doomed)


def reconnect(stage: Stage) -> None:
    """The agent is back."""
    agent.reconnect(stage.doomed)


def update_service(_stage: Stage, service: str, **changes: Any) -> None:
    """A person or a pipeline changes a service."""
    client("ecs").update_service(cluster=CLUSTER, service=service, **changes)


def throttle_first_attempts(stage: Stage) -> None:
    """ECS throttles every call of the drains before it answers it, and does so anew a minute later."""
    let_through: dict[str, datetime] = {}

    def is_throttled(call: Call) -> bool:
        if call.service != "ecs" or "ecs-drainer" not in call.principal:
            return False
        key = json.dumps([call.operation, call.principal, call.parameters], default=str, sort_keys=True)
        is_known = key in let_through and call.at - let_through[key] < THROTTLED_ANEW_AFTER
        if not is_known:
            let_through[key] = call.at
        return not is_known

    stage.aws.requests.fail_when(is_throttled, RATE_EXCEEDED)


def fail_calls(
    stage: Stage, *, service: str, operation: str, code: str, times: int = 1, message: str = ""
) -> None:
    """AWS answers the next calls of an operation with an error."""
    fault = Fault(code, message or "injected fault")
    stage.aws.requests.fail_when(
        lambda call: (call.service, call.operation) == (service, operation), fault, times
    )


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
        disconnect,
        reconnect,
        update_service,
        throttle_first_attempts,
        fail_calls,
    )
}
