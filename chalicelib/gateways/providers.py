"""Read capacity providers, the groups behind them, and a cluster's default strategy: only to explain and to plan.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.common.errors import Gone
from chalicelib.explain.capacity import FARGATE, Provider, ScalingGroup, Share
from chalicelib.explain.circumstances import Service
from chalicelib.gateways import described, ecs_answers
from chalicelib.gateways.aws import all_pages, client, in_batches, translated

GROUPS_AT_ONCE = 50
"""A page of DescribeAutoScalingGroups holds 50 unless asked for up to 100."""


def default_shares_for(cluster: str, services: Iterable[Service]) -> tuple[Share, ...]:
    """Return the cluster's default strategy, read only where a service has neither a launch type nor its own.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
    """
    goes_by_it = any(not one.launch_type and not one.shares and not one.is_daemon for one in services)
    return default_shares(cluster) if goes_by_it else ()


def default_shares(cluster: str) -> tuple[Share, ...]:
    """Return the default capacity provider strategy of a cluster; none of one that is gone."""
    try:
        with translated():
            answer = client("ecs").describe_clusters(clusters=[cluster])
    except Gone:
        return ()
    ecs_answers.gone_among(answer)
    return tuple(
        share
        for one in answer["clusters"]
        for share in described.shares(one.get("defaultCapacityProviderStrategy"))
    )


def names_of(services: Iterable[Service], default: Iterable[Share]) -> set[str]:
    """Return the capacity providers that these services' strategies, and the default one, name."""
    own = (share for service in services for share in service.shares)
    return {share.provider for share in (*own, *default)}


def read_answers(names: Iterable[str]) -> list[ecs_answers.Answer]:
    """Return the descriptions of these capacity providers; Fargate's have nothing to tell."""
    wanted = sorted(name for name in names if name and name not in FARGATE)
    return ecs_answers.read_capacity_providers(wanted) if wanted else []


def read_groups(answers: Sequence[ecs_answers.Answer]) -> dict[str, ScalingGroup]:
    """Return by name the Auto Scaling groups behind these capacity providers; one that is gone is left out."""
    names = sorted({described.group_name(one) for one in answers} - {""})
    operation = client("autoscaling").describe_auto_scaling_groups
    found = (
        described.scaling_group(item)
        for batch in in_batches(names, GROUPS_AT_ONCE)
        for item in all_pages(
            operation, "AutoScalingGroups", page_key="NextToken", AutoScalingGroupNames=list(batch)
        )
    )
    return {group.name: group for group in found}


def providers_of(
    answers: Sequence[ecs_answers.Answer], groups: Mapping[str, ScalingGroup]
) -> dict[str, Provider]:
    """Return capacity providers by name, each with its group where that was read."""
    return {one["name"]: described.provider(one, groups) for one in answers if "name" in one}
