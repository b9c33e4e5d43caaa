"""Capacity provider strategies: to which provider the next task goes. Pure.

API reference, CapacityProviderStrategyItem: "Base requirements are satisfied first before weight distribution", "any
capacity providers with a weight of 0 can't be used to place tasks"; a strategy has at most 20 providers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from embedded_aws.ecs.errors import InvalidParameter

FARGATE = ("FARGATE", "FARGATE_SPOT")
MOST_PROVIDERS = 20

Strategy = Sequence[Mapping[str, Any]]


def next_provider(strategy: Strategy, counts: Mapping[str, int]) -> str:
    """Choose the provider that is shortest of its share, the first of equals; `counts` are tasks by provider."""
    for item in strategy:
        if counts.get(item["capacityProvider"], 0) < item.get("base", 0):
            return str(item["capacityProvider"])
    weighted = [item for item in strategy if item.get("weight", 0) > 0] or list(strategy)
    return str(min(weighted, key=lambda item: _filled(item, counts))["capacityProvider"])


def _filled(item: Mapping[str, Any], counts: Mapping[str, int]) -> float:
    beyond: int = counts.get(item["capacityProvider"], 0) - item.get("base", 0)
    weight: int = item.get("weight", 0) or 1
    return (max(0, beyond) + 1) / weight


def check(strategy: Strategy, associated: Sequence[str]) -> None:
    """Refuse a strategy that ECS refuses; raises InvalidParameter."""
    names = [item["capacityProvider"] for item in strategy]
    if len(names) > MOST_PROVIDERS:
        raise InvalidParameter("A capacity provider strategy can contain a maximum of 20 capacity providers.")
    if any(name not in associated for name in names):
        raise InvalidParameter(
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated "
            "with the cluster."
        )
    if len({name in FARGATE for name in names}) > 1:
        raise InvalidParameter(
            "The specified capacity provider strategy cannot contain a mix of capacity providers using Auto Scaling "
            "groups and Fargate."
        )
    if len(names) > 1 and not any(item.get("weight") for item in strategy):
        raise InvalidParameter(
            "The specified capacity provider strategy must have at least one capacity provider with a weight "
            "greater than 0."
        )
