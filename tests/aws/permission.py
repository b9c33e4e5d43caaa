"""Whether tests may drain in the account that the credentials name: only in a cluster whose tag says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

TAG, ALLOWED = "ecs-drainer:allow-tests", "yes"
FEWEST = 2
"""Container instances: one is drained, and its tasks need another."""


class NotAllowed(Exception):  # noqa: N818  # reads as the sentence that it carries
    """The tests may not run there; the text says what was expected, and what would allow it."""


@dataclass(frozen=True)
class Place:
    """Where the tests may drain."""

    cluster: str
    group: str
    hook: str
    state_machine: str
    instances: tuple[str, ...]
    """EC2 instance ids, the ones to drain first in front."""


def place_for_tests(client: Any, cluster: str, state_machine: str) -> Place:
    """Return where in the account the tests may drain; raises NotAllowed.

    `client` makes boto3 clients; `state_machine` is the name of the stage's machine. Nothing is changed.
    """
    try:
        return _place(client, cluster, state_machine)
    except (BotoCoreError, ClientError) as error:
        raise NotAllowed(f"--aws {cluster}: the account could not be asked: {error}") from error


def _place(client: Any, cluster: str, state_machine: str) -> Place:
    _check_tag(client("ecs"), cluster)
    machines = client("stepfunctions").get_paginator("list_state_machines").paginate()
    arns = {one["name"]: one["stateMachineArn"] for page in machines for one in page["stateMachines"]}
    if state_machine not in arns:
        raise NotAllowed(
            f"--aws {cluster}: there is no state machine {state_machine} in this account and Region: deploy the "
            "stage first, or name another one in DRAINER_STAGE"
        )
    instances = _instances(client("ecs"), cluster)
    group = _group(client("autoscaling"), cluster, instances)
    return Place(cluster, group, _hook(client("autoscaling"), cluster, group), arns[state_machine], instances)


def _check_tag(ecs: Any, cluster: str) -> None:
    found = [
        one
        for one in ecs.describe_clusters(clusters=[cluster], include=["TAGS"])["clusters"]
        if one["status"] == "ACTIVE"
    ]
    if not found:
        raise NotAllowed(f"--aws {cluster}: there is no such ECS cluster in this account and Region")
    tags = {one["key"]: one["value"] for one in found[0].get("tags", [])}
    if tags.get(TAG) != ALLOWED:
        stands = f"is {tags[TAG]!r}" if TAG in tags else "is missing"
        raise NotAllowed(
            f"--aws {cluster}: tests drain and terminate instances there, and its tag {TAG} {stands}: expected "
            f"{ALLOWED}. If that is a cluster for tests: aws ecs tag-resource --resource-arn {found[0]['clusterArn']} "
            f"--tags key={TAG},value={ALLOWED}"
        )


def _instances(ecs: Any, cluster: str) -> tuple[str, ...]:
    arns = ecs.list_container_instances(cluster=cluster, status="ACTIVE")["containerInstanceArns"]
    answer = ecs.describe_container_instances(cluster=cluster, containerInstances=arns) if arns else {}
    found = [one for one in answer.get("containerInstances", []) if one["agentConnected"]]
    if len(found) < FEWEST:
        raise NotAllowed(
            f"--aws {cluster}: it has {len(found)} ACTIVE container instances with an agent: expected {FEWEST} or "
            "more, so that tasks have somewhere to go"
        )
    found.sort(key=lambda one: (one["runningTasksCount"], one["registeredAt"]))
    return tuple(one["ec2InstanceId"] for one in found)


def _group(autoscaling: Any, cluster: str, instances: tuple[str, ...]) -> str:
    members = autoscaling.describe_auto_scaling_instances(InstanceIds=list(instances))["AutoScalingInstances"]
    groups = {one["AutoScalingGroupName"] for one in members}
    if len(groups) != 1 or len(members) != len(instances):
        said = ", ".join(sorted(groups)) or "none"
        raise NotAllowed(
            f"--aws {cluster}: its instances are in these Auto Scaling groups: {said}: expected all of them in one"
        )
    return str(groups.pop())


def _hook(autoscaling: Any, cluster: str, group: str) -> str:
    hooks = autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=group)["LifecycleHooks"]
    terminating = [
        one["LifecycleHookName"] for one in hooks if one["LifecycleTransition"].endswith("TERMINATING")
    ]
    if not terminating:
        raise NotAllowed(
            f"--aws {cluster}: group {group} has no terminate hook: `ecs-drainer enroll --asg {group}` puts one"
        )
    return str(terminating[0])
