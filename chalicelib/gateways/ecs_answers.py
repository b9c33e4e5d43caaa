"""ECS's own descriptions, as it answers them: what is missing, inactive or deleted is left out, not a failure.

A `failures` entry of any other reason says nothing of what was asked for, and raises AwsUnavailable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.common.errors import AwsUnavailable, Gone
from chalicelib.gateways.aws import client, translated
from chalicelib.gateways.error_codes import GONE_REASONS
from chalicelib.wake.seen import InstanceView

Answer = dict[str, Any]


def gone_among(answer: Mapping[str, Any], *also: str) -> frozenset[str]:
    """Return the ARNs of which an answer of ECS says, among its `failures`, that they are gone.

    `also`: reasons that are answers too, and leave the ARN out. Any other says nothing of the ARN, least of all that
    it is gone: raises AwsUnavailable, so that it is asked for again.
    """
    failures = answer.get("failures", [])
    for failure in failures:
        if failure.get("reason") not in {*GONE_REASONS, *also}:
            said = f"{failure.get('reason')} {failure.get('detail', '')}".strip()
            raise AwsUnavailable(f"ECS did not answer for {failure.get('arn')}: {said}")
    return frozenset(str(failure.get("arn")) for failure in failures if failure.get("reason") in GONE_REASONS)


def read_container_instances(cluster: str, arns: Sequence[str]) -> list[Answer]:
    """Return the descriptions of up to 100 container instances; an INACTIVE one is described for about an hour."""
    try:
        with translated():
            answer = client("ecs").describe_container_instances(
                cluster=cluster, containerInstances=list(arns)
            )
    except Gone:
        return []
    gone_among(answer)
    found: list[Answer] = answer["containerInstances"]
    return found


def view_instances(cluster: str, arns: Sequence[str]) -> dict[str, InstanceView]:
    """Return up to 100 container instances by ARN, each of them: MISSING where ECS does not know one any more."""
    found = {item["containerInstanceArn"]: item for item in read_container_instances(cluster, arns)}
    return {
        arn: _view(cluster, arn, found.get(arn, {"status": "MISSING", "agentConnected": False}))
        for arn in arns
    }


def _view(cluster: str, arn: str, item: Answer) -> InstanceView:
    return InstanceView(
        instance=arn,
        cluster=cluster,
        status=item["status"],
        agent_connected=item.get("agentConnected", True),
        running=item.get("runningTasksCount", 0),
        pending=item.get("pendingTasksCount", 0),
        version=item.get("version", 0),
    )


def read_tasks(cluster: str, arns: Sequence[str], **more: list[str]) -> tuple[list[Answer], frozenset[str]]:
    """Return the descriptions of up to 100 tasks, and which of them are gone: all where the cluster is.

    `more`: further parameters of DescribeTasks (`include`).
    """
    try:
        with translated():
            answer = client("ecs").describe_tasks(cluster=cluster, tasks=list(arns), **more)
    except Gone:
        return [], frozenset(arns)
    return answer["tasks"], gone_among(answer)


def read_services(cluster: str, names: Sequence[str], **more: list[str]) -> list[Answer]:
    """Return the descriptions of up to 10 services that there are; deleted ones (INACTIVE) are left out.

    One being deleted is DRAINING until its tasks are STOPPED, and still counts.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
    """
    try:
        with translated():
            answer = client("ecs").describe_services(cluster=cluster, services=list(names), **more)
    except Gone:
        return []
    gone_among(answer)
    return [service for service in answer["services"] if service.get("status") != "INACTIVE"]


def read_task_definition(arn: str, **more: list[str]) -> Answer | None:
    """Return DescribeTaskDefinition's answer, or None where it was deleted; an INACTIVE one is still described."""
    try:
        with translated():
            answer: Answer = client("ecs").describe_task_definition(taskDefinition=arn, **more)
    except Gone:
        return None
    return answer


def read_capacity_providers(names: Sequence[str]) -> list[Answer]:
    """Return the descriptions of the capacity providers that there are; deleted ones are left out."""
    try:
        with translated():
            answer = client("ecs").describe_capacity_providers(capacityProviders=list(names))
    except Gone:
        return []
    gone_among(answer)
    return [each for each in answer["capacityProviders"] if each.get("status") != "INACTIVE"]
