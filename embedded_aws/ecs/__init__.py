"""ECS on EC2 for real: container instances, tasks that take time, service schedulers, on the virtual clock.

moto keeps clusters, task definitions, capacity providers and account settings; what lives is here. Its "one status
per DescribeTasks" is off. A task's behaviour is scripted with dockerLabels (`embedded_aws.ecs.script`).
"""

from __future__ import annotations

from embedded_aws.ecs import installation
from embedded_aws.ecs.runtime import Behaviour, behaviour

__all__ = ["Behaviour", "behaviour", "install"]


def install() -> None:
    """Put this ECS in the place of moto's, in this process; again is harmless."""
    installation.install()
