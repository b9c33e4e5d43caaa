"""Read target groups of Elastic Load Balancing: how long a task takes to leave them, and who is healthy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from chalicelib.common.errors import Gone
from chalicelib.common.services import Service
from chalicelib.explain.circumstances import Target, TargetGroup
from chalicelib.gateways.aws import client, in_batches, translated

Answer = dict[str, Any]

AT_ONCE = 20
"""DescribeTargetGroups answers up to 400 a page, but a long list of ARNs makes a long query string."""


def target_groups_of(services: Iterable[Service]) -> dict[str, TargetGroup]:
    """Return by ARN the target groups of these services, with delay, health time and unhealthy targets."""
    arns = sorted({arn for service in services for arn in service.target_group_arns})
    found = {
        group["TargetGroupArn"]: _described(group)
        for batch in in_batches(arns, AT_ONCE)
        for group in _listed(batch)
    }
    return {arn: group for arn, group in found.items() if group is not None}


def _listed(arns: Sequence[str]) -> list[Answer]:
    """Describe target groups; one that is gone fails the call for all, so that each is then asked for by itself."""
    try:
        with translated():
            groups: list[Answer] = client("elbv2").describe_target_groups(TargetGroupArns=list(arns))[
                "TargetGroups"
            ]
    except Gone:
        return [group for arn in arns for group in _listed([arn])] if len(arns) > 1 else []
    return groups


def _described(group: Answer) -> TargetGroup | None:
    elbv2, arn = client("elbv2"), group["TargetGroupArn"]
    try:
        with translated():
            attributes = elbv2.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
            health = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    except Gone:
        return None
    return _target_group(group, attributes, health)


def _target_group(group: Answer, attributes: Sequence[Answer], health: Sequence[Answer]) -> TargetGroup:
    """Return a target group with its deregistration delay and the targets that aren't healthy."""
    values = {one["Key"]: one["Value"] for one in attributes}
    targets = [_target(one) for one in health]
    checks = group.get("HealthyThresholdCount", 0)
    return TargetGroup(
        arn=group["TargetGroupArn"],
        name=group.get("TargetGroupName", ""),
        deregistration_delay=timedelta(
            seconds=int(values.get("deregistration_delay.timeout_seconds", "300"))
        ),
        health_time=timedelta(seconds=checks * group.get("HealthCheckIntervalSeconds", 0)),
        healthy=sum(target.state == "healthy" for target in targets),
        others=tuple(target for target in targets if target.state != "healthy"),
    )


def _target(answer: Answer) -> Target:
    health = answer.get("TargetHealth") or {}
    return Target(answer["Target"]["Id"], health.get("State", "unknown"), health.get("Reason", ""))
