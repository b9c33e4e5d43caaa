"""ECS on EC2 for real: container instances, tasks that take time, service schedulers, on the virtual clock.

moto keeps clusters, task definitions, capacity providers and account settings; what lives is here. Its "one status
per DescribeTasks" is off. A task's behaviour is scripted with dockerLabels (`embedded_aws.ecs.script`).
"""

from embedded_aws.ecs.installation import install
from embedded_aws.ecs.runtime import Behaviour, behaviour

__all__ = ["Behaviour", "behaviour", "install"]
