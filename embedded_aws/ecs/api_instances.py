"""The ECS API of container instances."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from moto.core.responses import ActionResult

from embedded_aws.ecs import events, lifecycle, views
from embedded_aws.ecs.api import EcsApi, failure
from embedded_aws.ecs.errors import ClientError, InvalidParameter
from embedded_aws.ecs.model import ContainerInstance
from embedded_aws.ecs.query import compile_query
from embedded_aws.ecs.runtime import behaviour

STATUSES = ("ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING", "REGISTRATION_FAILED")


class ContainerInstanceApi(EcsApi):
    """Handlers of the container instance operations."""

    def register_container_instance(self) -> ActionResult:
        """RegisterContainerInstance, as the agent calls it: a new container instance each time."""
        document = json.loads(self._get_param("instanceIdentityDocument") or "{}")
        attributes = {item["name"]: item.get("value") for item in self._get_param("attributes") or []}
        instance = self.backend.register_container_instance(
            self._get_param("cluster", "default"),
            document.get("instanceId", ""),
            attributes,
            self._get_param("tags"),
        )
        return ActionResult({"containerInstance": views.container_instance(instance, with_tags=True)})

    def deregister_container_instance(self) -> ActionResult:
        """DeregisterContainerInstance: `force` leaves its tasks' containers running, unknown to ECS."""
        instance = self.backend.instance(self.asked_cluster, self._get_param("containerInstance"))
        if instance is None:
            raise ClientError("Referenced container instance was not found.")
        if instance.running_tasks_count and not self._get_param("force", False):
            raise InvalidParameter("Found running tasks on the instance.")
        if instance.status != "INACTIVE":
            for task in list(instance.tasks.values()):
                lifecycle.orphan(task, "Container instance deregistration forced by user.")
            self.backend.deactivate(instance)
        return ActionResult({"containerInstance": views.container_instance(instance)})

    def list_container_instances(self) -> ActionResult:
        """ListContainerInstances: all but INACTIVE ones unless `status` says otherwise; `filter` is honoured."""
        status = self._get_param("status")
        if status is not None and status not in STATUSES:
            raise InvalidParameter(f"Container instance status should be one of [{','.join(STATUSES)}]")
        wanted = self._get_param("filter")
        test = compile_query(wanted) if wanted else None
        found = [
            instance.arn
            for instance in self.backend.instances_of(self.asked_cluster.name)
            if instance.status != "INACTIVE"
            and status in (None, instance.status)
            and (test is None or test(instance))
        ]
        return self.page_of("containerInstanceArns", found)

    def describe_container_instances(self) -> ActionResult:
        """DescribeContainerInstances: at most 100; unknown ones are failures with the reason MISSING."""
        if not self.items("containerInstances"):
            raise ClientError("Container Instances cannot be empty.")
        names = self.items("containerInstances", "instanceIds", 100)
        tags, health = self.wants("TAGS"), self.wants("CONTAINER_INSTANCE_HEALTH")
        view = partial(views.container_instance, with_tags=tags, with_health=health)
        return self.described("containerInstances", "container-instance", names, self.backend.instance, view)

    def update_container_instances_state(self) -> ActionResult:
        """UpdateContainerInstancesState: at most 10; answers 200 with failures for those it could not change."""
        names, status = self.items("containerInstances", "instanceIds", 10), self._get_param("status")
        if status not in ("ACTIVE", "DRAINING"):
            raise InvalidParameter("Container instance status should be one of [ACTIVE,DRAINING]")
        changed, failures = [], []
        for name in dict.fromkeys(names):
            instance = self.backend.instance(self.asked_cluster, name)
            if instance is None or instance.status == "INACTIVE":
                reason = "MISSING" if instance is None else "INACTIVE"
                failures.append(failure(self.asked_cluster, "container-instance", name, reason))
            elif status == instance.status == "DRAINING" and behaviour().draining_twice != "accepted":
                failures.append(_draining_already(self.asked_cluster, name))
            else:
                self._change(instance, status)
                changed.append(views.container_instance(instance))
        return ActionResult({"containerInstances": changed, "failures": failures})

    def _change(self, instance: ContainerInstance, status: str) -> None:
        # DRAINING of a DRAINING instance isn't documented: unless a switch says otherwise it changes nothing.
        if instance.status != status:
            instance.status = status
            events.instance_state_set(instance)
            self.backend.scheduler.wake_cluster(instance.cluster_name)


def _draining_already(cluster: Any, name: str) -> dict[str, str]:
    """Return the entry in `failures`, or raise the error, that AWS might answer DRAINING twice with."""
    if behaviour().draining_twice == "refused":
        raise InvalidParameter("Only ACTIVE container instances can be set DRAINING.")
    return failure(cluster, "container-instance", name, "DRAINING")
