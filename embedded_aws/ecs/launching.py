"""Making a task and putting it on a container instance."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from moto.moto_api._internal import mock_random

from embedded_aws.aws import now
from embedded_aws.ecs import lifecycle, placement
from embedded_aws.ecs.demand import Demand, Requirements, requirements
from embedded_aws.ecs.model import ContainerInstance, Launch, Task
from embedded_aws.ecs.placement import Refusal
from embedded_aws.ecs.script import read_script


def launch(
    info: Launch,
    demand: Callable[[Requirements], Demand],
    instances: Iterable[ContainerInstance],
    wake: Callable[[Task], None],
) -> Task | Refusal:
    """Place one task on one of the instances and start it, or say why it can't be; `wake` hears of its changes."""
    needs = requirements(info.definition)
    found = placement.find(demand(needs), instances)
    if isinstance(found, Refusal):
        return found
    arn = info.cluster.arn.replace(":cluster/", ":task/") + f"/{mock_random.uuid4().hex}"
    script = read_script(info.definition.container_definitions)
    task = Task(arn, found, info, needs, script, now(), wake)
    lifecycle.begin(task)
    return task
