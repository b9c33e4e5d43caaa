"""Capacity providers: which of them a service's next task goes to, and where their instances come from. Pure.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from chalicelib.common.model import AutoScalingGroup
from chalicelib.common.services import Share

FARGATE = frozenset({"FARGATE", "FARGATE_SPOT"})
"""Providers (the first is a launch type too) that need no container instance."""

LAUNCHES = frozenset({"Launch", "AlarmNotification"})
"""Auto Scaling processes without which managed scaling, a target tracking policy, launches nothing.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
"""


@dataclass(frozen=True, slots=True)
class Provider:
    """A capacity provider as DescribeCapacityProviders, and Auto Scaling, describe it."""

    name: str
    group_name: str = ""
    """Of its Auto Scaling group; empty for Fargate."""
    manages_scaling: bool = False
    """Whether ECS scales the group by CapacityProviderReservation."""
    target_capacity: int = 100
    """What percentage of the instances managed scaling wants in use."""
    drains: bool = False
    """Whether managed draining is on."""
    protects: bool = False
    """Whether managed termination protection is on."""
    launches_itself: bool = False
    """Whether ECS launches an instance for whatever finds no room (ECS Managed Instances), without any group.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ManagedInstances.html
    """
    group: AutoScalingGroup | None = None
    """None where it wasn't read."""

    @property
    def stops_launches(self) -> tuple[str, ...]:
        """The suspended processes that keep an instance from coming; none where one is on its way."""
        if self.group is None or self.group.launching:
            return ()
        needed = LAUNCHES if self.manages_scaling else frozenset({"Launch"})
        return tuple(sorted(needed & self.group.suspended))


def next_providers(shares: Sequence[Share], counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the providers to which the next task may go: one, or several that are equally short of tasks.

    `counts`: tasks of the service on each provider. The base is filled first; what goes beyond follows the weights,
    and a weight of 0 takes nothing, unless none has another. ECS falls back to no other provider of the strategy: a
    task of a provider without room stays PROVISIONING.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html
    """
    short = tuple(share.provider for share in shares if counts.get(share.provider, 0) < share.base)
    if short or not shares:
        return short
    weights = {share: share.weight for share in shares if share.weight > 0} or dict.fromkeys(shares, 1)
    filled = {
        share.provider: Fraction(max(0, counts.get(share.provider, 0) - share.base) + 1, weight)
        for share, weight in weights.items()
    }
    return tuple(provider for provider, level in filled.items() if level == min(filled.values()))
