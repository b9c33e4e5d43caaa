"""ECS's own descriptions, as it answers them: what is missing, inactive or deleted is left out, not a failure.

Only `chalicelib.gateways.ecs` asks here, which makes values of them, and what keeps a cluster just as AWS describes it.
A `failures` entry of any other reason says nothing of what was asked for, and raises AwsUnavailable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chalicelib.common.errors import AwsUnavailable, Gone
from chalicelib.gateways.aws import client, read
from chalicelib.gateways.error_codes import GONE_REASONS

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


def _found(
    operation: Callable[..., Answer], key: str, *also: str, **asked: Any
) -> tuple[list[Answer], frozenset[str] | None]:
    """Return what `key` holds in an answer, and which ARNs are gone: None where that is all, with the cluster."""
    try:
        answer = read(operation, **asked)
    except Gone:
        return [], None
    return answer[key], gone_among(answer, *also)


def read_container_instances(cluster: str, arns: Sequence[str]) -> list[Answer]:
    """Return the descriptions of up to 100 container instances; an INACTIVE one is described for about an hour."""
    asked = {"cluster": cluster, "containerInstances": list(arns)}
    return _found(client("ecs").describe_container_instances, "containerInstances", **asked)[0]


def read_tasks(cluster: str, arns: Sequence[str], **more: list[str]) -> tuple[list[Answer], frozenset[str]]:
    """Return the descriptions of up to 100 tasks, and which of them are gone: all where the cluster is.

    `more`: further parameters of DescribeTasks (`include`).
    """
    found, gone = _found(client("ecs").describe_tasks, "tasks", cluster=cluster, tasks=list(arns), **more)
    return found, frozenset(arns) if gone is None else gone


def read_services(cluster: str, names: Sequence[str], **more: list[str]) -> list[Answer]:
    """Return the descriptions of up to 10 services that there are; deleted ones (INACTIVE) are left out.

    One being deleted is DRAINING until its tasks are STOPPED, and still counts.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
    """
    asked = {"cluster": cluster, "services": list(names), **more}
    return _active(_found(client("ecs").describe_services, "services", **asked)[0])


def _active(answers: Sequence[Answer]) -> list[Answer]:
    return [each for each in answers if each.get("status") != "INACTIVE"]


def read_task_definition(arn: str, **more: list[str]) -> Answer | None:
    """Return DescribeTaskDefinition's answer, or None where it was deleted; an INACTIVE one is still described."""
    try:
        return read(client("ecs").describe_task_definition, taskDefinition=arn, **more)
    except Gone:
        return None


def read_capacity_providers(names: Sequence[str]) -> list[Answer]:
    """Return the descriptions of the capacity providers that there are; deleted ones are left out."""
    described = client("ecs").describe_capacity_providers
    return _active(_found(described, "capacityProviders", capacityProviders=list(names))[0])


def read_protections(cluster: str, arns: Sequence[str]) -> list[Answer]:
    """Return what there is to say of the scale-in protection of up to 100 tasks; one that can have none is left out."""
    asked = {"cluster": cluster, "tasks": list(arns)}
    return _found(client("ecs").get_task_protection, "protectedTasks", "TASK_NOT_VALID", **asked)[0]


def read_cluster(cluster: str) -> list[Answer]:
    """Return the description of a cluster; none where it is gone."""
    return _found(client("ecs").describe_clusters, "clusters", clusters=[cluster])[0]
