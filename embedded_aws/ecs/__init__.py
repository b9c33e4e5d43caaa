"""ECS on EC2 for real: container instances, tasks that take time, service schedulers, on the virtual clock.

moto keeps clusters, task definitions, capacity providers and account settings; what lives is here. Its "one status
per DescribeTasks" is off. A task's behaviour is scripted with dockerLabels (`embedded_aws.ecs.script`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from moto.ec2.models.instances import Instance
from moto.ecs import urls
from moto.ecs.models import ecs_backends

from embedded_aws import aws
from embedded_aws.ecs import agent, target_groups
from embedded_aws.ecs.api_instances import ContainerInstanceApi
from embedded_aws.ecs.api_services import ServiceApi
from embedded_aws.ecs.api_tasks import TaskApi
from embedded_aws.ecs.backend import EcsBackend
from embedded_aws.ecs.runtime import Behaviour, behaviour

__all__ = ["Behaviour", "behaviour", "install"]


class EcsResponse(ContainerInstanceApi, TaskApi, ServiceApi):
    """Every request to ECS."""


def install() -> None:
    """Re-point moto's ECS to this one, and let its EC2 instances take their agents along."""
    urls.url_paths["{0}/$"] = EcsResponse.dispatch
    ecs_backends.backend = EcsBackend
    target_groups.install()
    _accompany("terminate", agent.instance_gone)
    _accompany("stop", agent.instance_stopped)
    _accompany("start", agent.instance_started)


def _accompany(change: str, agent_act: Callable[[str], None]) -> None:
    """Let the agent hear of a change of its EC2 instance, whoever makes it."""
    method = getattr(Instance, change)

    @functools.wraps(method)
    def changed(instance: Any, *arguments: Any, **more: Any) -> Any:
        outcome = method(instance, *arguments, **more)
        if aws.is_running():  # else moto alone, as a test of something else may use it
            agent_act(instance.id)
        return outcome

    setattr(Instance, change, changed)
