"""Where ECS may place a service's next task: the one answer for explaining, planning and fleets.

A strategy, the service's own or the cluster's default, sends its tasks to instances of its providers alone; a
service of the EC2 launch type may use every instance of the cluster, whoever launched it.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
"""

from __future__ import annotations

from collections import Counter

from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.services import Service
from chalicelib.explain.capacity import FARGATE, Provider, next_providers
from chalicelib.explain.circumstances import Circumstances


def candidates(world: Circumstances, service: Service) -> tuple[ContainerInstance, ...]:
    """Return the other instances on which the service's next task may be placed, whether or not it fits there."""
    takers = (one for one in world.others if one.takes_tasks)
    if not world.shares_of(service):
        return tuple(takers)
    wanted = wanted_providers(world, service)
    return tuple(one for one in takers if one.capacity_provider in wanted)


def wanted_providers(world: Circumstances, service: Service) -> tuple[str, ...]:
    """Return the capacity providers to which base and weights send the next task; none for a launch type.

    Where a replacement waits for an instance already, it is where it was sent. Tasks on instances that are being
    drained don't count: they are what is replaced.
    """
    waiting = {task.capacity_provider for task in service.tasks if is_provisioning(task)} - {""}
    if waiting:
        return tuple(sorted(waiting))
    places = {"", *(one.arn for one in world.others if one.takes_tasks)}
    staying = (task for task in service.tasks if _stays(task) and task.container_instance_arn in places)
    return next_providers(world.shares_of(service), Counter(task.capacity_provider for task in staying))


def _stays(task: Task) -> bool:
    return task.desired_status == "RUNNING" and task.last_status != "STOPPED"


def is_provisioning(task: Task) -> bool:
    """Whether a task waits for an instance: PROVISIONING, and placed on none."""
    is_wanted = task.desired_status == "RUNNING" and not task.container_instance_arn
    return is_wanted and task.last_status == "PROVISIONING"


def ample_for(world: Circumstances, service: Service) -> str | None:
    """Return the provider of Fargate or Managed Instances, or launch type, that has a place for any next task."""
    wanted = wanted_providers(world, service) or (service.launch_type,)
    ample = FARGATE | {name for name, provider in world.providers.items() if provider.launches_itself}
    return next((name for name in wanted if name in ample), None)


def growing(world: Circumstances, service: Service) -> tuple[Provider, ...]:
    """Return the described providers to which the next task goes, those with Auto Scaling groups."""
    found = (world.providers.get(name) for name in wanted_providers(world, service))
    return tuple(one for one in found if one is not None and one.group_name)


def of_providers(world: Circumstances, service: Service) -> str:
    """Return " of capacity provider web-a", or nothing for a launch type."""
    wanted = wanted_providers(world, service)
    noun = "provider" if len(wanted) == 1 else "providers"
    return f" of capacity {noun} {' or '.join(wanted)}" if wanted else ""
