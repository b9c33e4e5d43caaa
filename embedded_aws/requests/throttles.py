"""The token buckets of the ECS API, which every drain of an account and Region shares.

Source: Amazon ECS developer guide, "Request throttling for the Amazon ECS API": an empty bucket answers
`ThrottlingException` "Rate exceeded". Buckets are refilled on the virtual clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

ECS_RATES = {
    "cluster resource read": (100, 20),
    "cluster resource modify": (100, 40),
    "service read": (100, 20),
    "service modify": (50, 5),
    "cluster read": (50, 20),
    "capacity provider read": (50, 20),
    "task protection": (200, 80),
}
"""Rows of AWS's table: how many requests at once, and how many a second for ever."""
OPERATIONS = {
    "cluster resource read": "DescribeContainerInstances DescribeTasks ListContainerInstances ListTasks ListAttributes",
    "cluster resource modify": "UpdateContainerInstancesState StopTask RunTask StartTask PutAttributes "
    "DeregisterContainerInstance DeleteAttributes UpdateContainerAgent",
    "service read": "DescribeServices ListServices",
    "service modify": "CreateService UpdateService DeleteService",
    "cluster read": "DescribeClusters ListClusters",
    "capacity provider read": "DescribeCapacityProviders",
    "task protection": "GetTaskProtection UpdateTaskProtection",
}
BUCKET_OF = {operation: name for name, operations in OPERATIONS.items() for operation in operations.split()}


@dataclass
class EcsThrottles:
    """The buckets of one account and every Region it uses: the tokens in each, and when it was last filled."""

    _buckets: dict[tuple[str, str], tuple[float, datetime]] = field(default_factory=dict)

    def admit(self, operation: str, region: str, now: datetime) -> bool:
        """Say whether ECS answers the request, which takes a token; an operation in no bucket is always answered.

        `now` may be before that of the last request, where a function waited within its invocation: what it was given
        meanwhile is gone.
        """
        name = BUCKET_OF.get(operation)
        if name is None:
            return True
        burst, per_second = ECS_RATES[name]
        tokens, filled_at = self._buckets.get((name, region), (burst, now))
        gained = max(0.0, (now - filled_at).total_seconds()) * per_second
        tokens = min(burst, tokens + gained)
        is_admitted = tokens >= 1
        self._buckets[name, region] = (tokens - is_admitted, max(now, filled_at))
        return is_admitted
