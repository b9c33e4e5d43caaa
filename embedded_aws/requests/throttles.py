"""The token buckets of the ECS API, which every drain of an account and Region shares.

Source: Amazon ECS developer guide, "Request throttling for the Amazon ECS API": an empty bucket answers
`ThrottlingException` "Rate exceeded". Buckets are refilled on the virtual clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Rate:
    """One row of AWS's table: how many requests at once, and how many a second for ever."""

    name: str
    burst: float
    per_second: float
    operations: frozenset[str]


def _rate(name: str, burst: float, per_second: float, operations: str) -> Rate:
    return Rate(name, burst, per_second, frozenset(operations.split()))


ECS_RATES = (
    _rate(
        "cluster resource read",
        100,
        20,
        "DescribeContainerInstances DescribeTasks ListContainerInstances ListTasks ListAttributes",
    ),
    _rate(
        "cluster resource modify",
        100,
        40,
        "UpdateContainerInstancesState StopTask RunTask StartTask DeregisterContainerInstance "
        "PutAttributes DeleteAttributes UpdateContainerAgent",
    ),
    _rate("service read", 100, 20, "DescribeServices ListServices"),
    _rate("service modify", 50, 5, "CreateService UpdateService DeleteService"),
    _rate("cluster read", 50, 20, "DescribeClusters ListClusters"),
    _rate("capacity provider read", 50, 20, "DescribeCapacityProviders"),
    _rate("task protection", 200, 80, "GetTaskProtection UpdateTaskProtection"),
)


class TokenBucket:
    """A full bucket that loses one token a request and gains `per_second` tokens a second, up to `burst`."""

    def __init__(self, burst: float, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._tokens = burst
        self._filled_at: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Take one token at `now`; False where there is none."""
        if self._filled_at is not None:
            gained = (now - self._filled_at).total_seconds() * self._per_second
            self._tokens = min(self._burst, self._tokens + max(0.0, gained))
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class EcsThrottles:
    """The buckets of one account and every Region it uses."""

    def __init__(self) -> None:
        self._rates = {operation: rate for rate in ECS_RATES for operation in rate.operations}
        self._buckets: dict[tuple[str, str], TokenBucket] = {}

    def admit(self, operation: str, region: str, now: datetime) -> bool:
        """Say whether ECS answers the request; an operation in no bucket is always answered."""
        rate = self._rates.get(operation)
        if rate is None:
            return True
        key = (rate.name, region)
        bucket = self._buckets.setdefault(key, TokenBucket(rate.burst, rate.per_second))
        return bucket.take(now)
