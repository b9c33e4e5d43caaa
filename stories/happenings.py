"""What can happen in a story, by the name that stories use: what AWS or a person would do, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from inspect import isfunction
from typing import Any

from moto.ecs.models import ecs_backends

from embedded_aws import autoscaling
from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.awslambda import lambda_state
from embedded_aws.clients import client
from embedded_aws.ecs import agent, services
from embedded_aws.eventbridge import events_state
from embedded_aws.requests import Call, Fault
from embedded_aws.requests.log import RATE_EXCEEDED
from stories.samples import Consumer
from stories.stage import SIBLING, Stage
from stories.world import CLUSTER, GROUP, HOOK, INSTANCE_TYPE, Service

NEW_IMAGE = "ami-22222222"
IAMS_NAMES = {"states": "stepfunctions", "elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
THROTTLED_ANEW_AFTER = timedelta(minutes=20)


def terminate(stage: Stage, instance: int = 1, replace: bool = False) -> None:
    """Auto Scaling begins to terminate the instance with this number, the oldest being 1."""
    stage.world.terminate(stage.instances[instance - 1], replace=replace)


def deliver_again(stage: Stage, hook: str = HOOK) -> None:
    """EventBridge delivers a hook's lifecycle event once more: it promises at least once, not once."""
    name = "EC2 Instance-terminate Lifecycle Action"
    events = (event for event in events_state().emitted if event["detail-type"] == name)
    event = next(event for event in events if event["detail"]["LifecycleHookName"] == hook)
    _invoke(stage, "start_drain", event)


def ask(stage: Stage, instance: int = 1, **request: Any) -> None:
    """A person asks for a drain."""
    _invoke(stage, "start_manual_drain", {"instance_id": stage.instances[instance - 1], **request})


def interrupt(stage: Stage) -> None:
    """EC2 gives the Spot instance its two minutes."""
    autoscaling.spot_interruption(stage.doomed)


def recommend_rebalance(stage: Stage) -> None:
    """EC2 sees an elevated risk for the Spot instance."""
    autoscaling.rebalance_recommendation(stage.doomed)


def schedule_change(stage: Stage) -> None:
    """AWS Health announces the retirement of the host."""
    autoscaling.health_scheduled_change([stage.doomed], stage.aws.clock.now())


def complete(stage: Stage, result: str = "CONTINUE", hook: str = HOOK) -> None:
    """Somebody else answers the lifecycle action."""
    client("autoscaling").complete_lifecycle_action(
        AutoScalingGroupName=GROUP,
        LifecycleHookName=hook,
        InstanceId=stage.doomed,
        LifecycleActionResult=result,
    )


def abandon_sibling(stage: Stage) -> None:
    """The other team's hook is answered with ABANDON, which ends every other action of the instance."""
    complete(stage, "ABANDON", SIBLING)


def complete_sibling(stage: Stage) -> None:
    """The other team's hook is answered with CONTINUE."""
    complete(stage, hook=SIBLING)


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


def stop_execution(stage: Stage, error: str = "Console") -> None:
    """A person stops the oldest open execution in the console."""
    arn = next(each["executionArn"] for each in stage.executions if each["status"] == "RUNNING")
    client("stepfunctions").stop_execution(executionArn=arn, error=error, cause="by hand")


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


def replace_root_volumes(_stage: Stage | None = None) -> None:
    """A person refreshes the instances in place, which takes a mixed instances policy with an image of its own."""
    template = {"LaunchTemplateSpecification": {"LaunchTemplateName": GROUP, "Version": "1"}}
    override = {"InstanceType": INSTANCE_TYPE, "ImageId": NEW_IMAGE}
    client("autoscaling").start_instance_refresh(
        AutoScalingGroupName=GROUP,
        Strategy="ReplaceRootVolume",
        DesiredConfiguration={
            "MixedInstancesPolicy": {"LaunchTemplate": {**template, "Overrides": [override]}}
        },
    )


def send(stage: Stage, messages: int) -> None:
    """Jobs come into the consumer's queue."""
    stage.sample(Consumer).send(messages)


def stop_member(stage: Stage, instance: int) -> None:
    """A member of the store on another instance dies by itself."""
    ecs, arn = client("ecs"), stage.world.container_instance(stage.instances[instance - 1])
    for task in ecs.list_tasks(cluster=CLUSTER, containerInstance=arn, serviceName="store")["taskArns"]:
        ecs.stop_task(cluster=CLUSTER, task=task, reason="it crashed")


def start_task(stage: Stage, instance: int, seconds: int) -> None:
    """A standalone task that ends by itself after so many seconds is started on an instance."""
    task = Service(name="nightly", has_target_group=False, labels={"exits-after": str(seconds)})
    with stage.aws.requests.unthrottled():
        stage.world.start_task(stage.instances[instance - 1], task)


def lose_leases(stage: Stage) -> None:
    """The ledger loses its leases, as when a table is restored from yesterday's backup."""
    for item in stage.ledger("lease#"):
        client("dynamodb").delete_item(
            TableName=stage.deployment.outputs["LedgerTable"], Key={"pk": item["pk"]}
        )


def answer(stage: Stage, **given: Any) -> None:
    """A person answers for every task that was asked."""
    for task in sorted(item["pk"]["S"].partition("#")[2] for item in stage.ledger("sign-off#")):
        _invoke(stage, "sign_off", {"task": task, **given})


def lose_events(stage: Stage, rule: str = "start_drain") -> None:
    """EventBridge loses the events of a rule: it delivers those of Auto Scaling as best effort only."""
    client("events").disable_rule(Name=_rule(stage, rule))


def find_events(stage: Stage, rule: str = "start_drain") -> None:
    """EventBridge delivers again."""
    client("events").enable_rule(Name=_rule(stage, rule))


def _rule(stage: Stage, function: str) -> str:
    return f"{stage.deployment.functions[function].rsplit(':', 1)[-1]}-event"


def change_events(_stage: Stage, **changes: Any) -> None:
    """Events of ECS come otherwise from now on; `lost = 1`: none. Takes what a story's `[events]` takes."""
    events_state().ecs.change(**changes)


def disable_rule(_stage: Stage, rule: str) -> None:
    """A person disables the rule whose name ends so."""
    client("events").disable_rule(Name=_rule_named(rule))


def enable_rule(_stage: Stage, rule: str) -> None:
    """A person enables the rule whose name ends so."""
    client("events").enable_rule(Name=_rule_named(rule))


def _rule_named(ending: str) -> str:
    names = [str(each["Name"]) for each in client("events").list_rules()["Rules"]]
    found = [name for name in names if name.endswith(ending)]
    if len(found) != 1:
        raise ValueError(
            f"`rule` is {ending!r}: expected the end of the name of one of {', '.join(sorted(names))}"
        )
    return found[0]


def fail_deployment(_stage: Stage, service: str) -> None:
    """ECS's circuit breaker gives the deployment of a service up."""
    backend = ecs_backends[ACCOUNT_ID][REGION]
    services.fail_deployment(backend.service(backend.cluster(CLUSTER), service))


def throttle_first_attempts(stage: Stage) -> None:
    """ECS throttles every call of the drains before it answers it, and does so anew twenty minutes later."""
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
    stage: Stage,
    *,
    service: str,
    code: str,
    operation: str = "",
    times: int | None = None,
    seconds: float = 0,
    message: str = "",
    function: str = "",
    status: int = 400,
    lost_answer: bool = False,
) -> None:
    """AWS answers the next call of an operation with an error; those of one function, where it is named.

    `service` is boto3's name for it, or IAM's: `states` is `stepfunctions`. Without `operation`, every call of the
    service that the drains make. `times` and `seconds` say how many calls, and for how long; with `lost_answer` each
    of them took effect all the same.
    """
    service = IAMS_NAMES.get(service, service)
    fault = Fault(code, message or "injected fault", status, lost_answer)

    def is_meant(call: Call) -> bool:
        is_operation = call.operation == operation if operation else "ecs-drainer" in call.principal
        return call.service == service and is_operation and (call.role or "").endswith(function)

    ailment = stage.aws.requests.fail_when(is_meant, fault, times if times or seconds else 1)
    if seconds:
        stage.aws.clock.call_later(seconds, ailment.heal, f"{service} is back")


def crash(_stage: Stage, function: str, times: int = 1) -> None:
    """The process of a function ends in its next invocations, before it has done anything."""
    lambda_state().crashes[function] += times


def _invoke(stage: Stage, function: str, payload: dict[str, Any]) -> None:
    client("lambda").invoke(
        FunctionName=stage.deployment.functions[function],
        InvocationType="Event",
        Payload=json.dumps(payload),
    )


HAPPENINGS: dict[str, Callable[..., None]] = {
    name.replace("_", "-"): happening
    for name, happening in list(vars().items())
    if isfunction(happening) and happening.__module__ == __name__ and not name.startswith("_")
}
"""Every function above, by the name that stories use."""
