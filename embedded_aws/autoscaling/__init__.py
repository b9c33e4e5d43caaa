"""Auto Scaling with lifecycle hooks for real, on moto: instances wait, actions expire, groups keep size.

moto ends instances at once and knows hooks by name only. Here an instance goes through the lifecycle states
of the EC2 Auto Scaling User Guide, on the virtual clock. Left out: cooldowns, scheduled actions, allocation
strategies and Availability Zone rebalancing; the checkpoints, bake times and rollbacks of an instance
refresh, which is refused with them.
"""

from moto.autoscaling import models, urls

from embedded_aws.autoscaling import health, refresh
from embedded_aws.autoscaling.backend import Backend
from embedded_aws.autoscaling.capacity import keep_capacity
from embedded_aws.autoscaling.interruptions import (
    health_scheduled_change,
    rebalance_recommendation,
    spot_interruption,
)
from embedded_aws.autoscaling.members import KEEPERS, Behaviour, Group, behaviour
from embedded_aws.autoscaling.responses import Response
from embedded_aws.autoscaling.warm_pool import keep_pool

__all__ = [
    "Behaviour",
    "behaviour",
    "health_scheduled_change",
    "install",
    "rebalance_recommendation",
    "spot_interruption",
]


def install() -> None:
    """Put our groups, backend and operations in the place of moto's, before the first request is answered."""
    KEEPERS[:] = [keep_capacity, keep_pool, refresh.go_on]
    models.FakeAutoScalingGroup = Group
    models.autoscaling_backends.backend = Backend
    urls.url_paths["{0}/$"] = Response.dispatch
    health.install()
