"""ECS on EC2 behind moto's backend: the same stores, filled with things that live on the virtual clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from moto.core.resource_tagging import TaggedResource
from moto.ec2 import ec2_backends
from moto.ecs import urls
from moto.ecs.exceptions import ClusterNotFoundException, ServiceNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend

from embedded_aws.aws import now
from embedded_aws.ecs import events, lifecycle, services, views
from embedded_aws.ecs.errors import ClientError, InvalidParameter, ServiceNotActive
from embedded_aws.ecs.model import ContainerInstance, Deployment, Service, Task
from embedded_aws.ecs.registration import register
from embedded_aws.ecs.scheduler import Scheduler
from embedded_aws.ecs.script import read_script

DEPLOYED_ANEW = (
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
)
"""UpdateService: a change of one of these, or forceNewDeployment, starts a new deployment."""


class EcsBackend(EC2ContainerServiceBackend):  # type: ignore[misc]  # moto ships no types
    """One account and Region of ECS."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.scheduler = Scheduler(lambda: list(self.services.values()), self.instances_of, self.remember)

    @property
    def _url_module(self) -> Any:
        return urls  # moto derives the module's name from the class's module, which isn't its own here

    def cluster(self, name: str) -> Any:
        """Return moto's cluster, by name or ARN; raises ClusterNotFoundException unless it is ACTIVE."""
        cluster = self._get_cluster(name)
        if cluster.status != "ACTIVE":
            raise ClusterNotFoundException
        return cluster

    def instances_of(self, cluster_name: str) -> list[ContainerInstance]:
        """Return all container instances of a cluster that may still be described."""
        known: dict[str, ContainerInstance] = self.container_instances.get(cluster_name, {})
        for forgotten in [id_ for id_, instance in known.items() if instance.is_forgotten]:
            del known[forgotten]
        return list(known.values())

    def instance(self, cluster: Any, name: str) -> ContainerInstance | None:
        """Find a container instance of the cluster by id or full ARN; None if there is none of that name."""
        found: ContainerInstance | None = self.container_instances.get(cluster.name, {}).get(_last(name))
        return found if found and not found.is_forgotten and name in (found.id, found.arn) else None

    def tasks_of(self, cluster_name: str) -> list[Task]:
        """Return all tasks of a cluster that may still be described."""
        known: dict[str, Task] = self.tasks.get(cluster_name, {})
        for forgotten in [arn for arn, task in known.items() if task.is_forgotten]:
            del known[forgotten]
        return list(known.values())

    def task(self, cluster: Any, name: str) -> Task | None:
        """Find a task of the cluster by id or full ARN; None if there is none of that name."""
        arn = name if name.startswith("arn:") else f"{cluster.arn.replace(':cluster/', ':task/')}/{name}"
        found: Task | None = self.tasks.get(cluster.name, {}).get(arn)
        return None if found is None or found.is_forgotten else found

    def remember(self, task: Task) -> None:
        """Keep a new task."""
        self.tasks.setdefault(task.cluster.name, {})[task.arn] = task

    def register_container_instance(
        self,
        cluster_str: str,
        ec2_instance_id: str,
        attributes: dict[str, str | None] | None = None,
        tags: list[dict[str, str]] | None = None,
    ) -> ContainerInstance:
        """Register an EC2 instance, again under a new ARN if need be, as an agent that lost its state does."""
        cluster = self.cluster(cluster_str)
        ec2_instance = ec2_backends[self.account_id][self.region_name].get_instance_by_id(ec2_instance_id)
        if ec2_instance is None:
            raise ClientError(f"The EC2 instance {ec2_instance_id} does not exist.")
        instance = register(cluster, ec2_instance, attributes or {}, tags or [])
        self.container_instances.setdefault(cluster.name, {})[instance.id] = instance
        events.instance_changed(instance)
        self.scheduler.wake_cluster(cluster.name)
        return instance

    def deregister_container_instance(
        self, cluster_str: str, container_instance_str: str, force: bool
    ) -> ContainerInstance:
        """Make the instance INACTIVE; `force` leaves its tasks' containers running, unknown to ECS."""
        instance = self.instance(self.cluster(cluster_str), container_instance_str)
        if instance is None:
            raise ClientError("Referenced container instance was not found.")
        if instance.status == "INACTIVE":
            return instance
        if instance.running_tasks_count and not force:
            raise InvalidParameter("Found running tasks on the instance.")
        for task in list(instance.tasks.values()):
            lifecycle.orphan(task, "Container instance deregistration forced by user.")
        self.deactivate(instance)
        return instance

    def deactivate(self, instance: ContainerInstance) -> None:
        """Make an instance without tasks INACTIVE."""
        instance.status, instance.agent_connected, instance.inactive_at = "INACTIVE", False, now()
        events.instance_changed(instance)
        self.scheduler.wake_cluster(instance.cluster_name)

    def describe_clusters(self, cluster_names: list[str]) -> tuple[list[Any], list[Any]]:
        """Describe clusters with the counts of this moment."""
        clusters, failures = super().describe_clusters(cluster_names)
        for cluster in clusters:
            services = [service for service in self.services.values() if service.cluster is cluster]
            counts = views.cluster_counts(
                self.instances_of(cluster.name), self.tasks_of(cluster.name), services
            )
            vars(cluster).update(counts)
        return clusters, failures

    def register_task_definition(
        self, family: str, container_definitions: list[Any], *rest: Any, **more: Any
    ) -> Any:
        """Register a task definition; raises ClientError for a script in its dockerLabels that can't be read."""
        read_script(container_definitions)
        return super().register_task_definition(family, container_definitions, *rest, **more)

    def service(self, cluster: Any, name: str) -> Service:
        """Find a service by name or ARN; raises ServiceNotFoundException."""
        found: Service | None = self.services.get(f"{cluster.name}:{_last(name)}")
        if found is None:
            raise ServiceNotFoundException
        return found

    def create_service(
        self,
        cluster_str: str,
        service_name: str,
        desired_count: int | None,
        task_definition_str: str,
        **more: Any,
    ) -> Service:
        """Create a service; `more` holds the API's other parameters in its own words."""
        cluster = self.cluster(cluster_str)
        definition = self.describe_task_definition(task_definition_str)
        existing = self.services.get(f"{cluster.name}:{service_name}")
        if existing is not None and existing.status != "INACTIVE":
            raise InvalidParameter("Creation of service was not idempotent.")
        strategy = more.pop("schedulingStrategy", None) or "REPLICA"
        tags = more.pop("tags", None) or []
        service = Service(cluster, service_name, strategy, int(desired_count or 0), more, tags, now())
        service.deployments.append(Deployment(definition, now()))
        self.services[f"{cluster.name}:{service_name}"] = service
        self.scheduler.wake(service)
        return service

    def change_service(self, cluster_str: str, name: str, changes: dict[str, Any]) -> Service:
        """Change a service as UpdateService does; raises ServiceNotActive for one that was deleted."""
        service = self.service(self.cluster(cluster_str), name)
        if service.status != "ACTIVE":
            raise ServiceNotActive
        definition = self.describe_task_definition(
            changes.get("taskDefinition") or service.primary.definition.arn
        )
        if self._is_new_deployment(service, definition, changes):
            services.deploy(service, definition)
        if changes.get("desiredCount") is not None and service.scheduling_strategy == "REPLICA":
            service.desired_count = changes["desiredCount"]
        kept = {key: value for key, value in changes.items() if key not in ("taskDefinition", "desiredCount")}
        service.settings.update({key: value for key, value in kept.items() if key != "forceNewDeployment"})
        self.scheduler.wake(service)
        return service

    def _is_new_deployment(self, service: Service, definition: Any, changes: dict[str, Any]) -> bool:
        if changes.get("forceNewDeployment") or definition is not service.primary.definition:
            return True
        return any(
            key in changes and changes[key] != service.settings.get(key)
            for key in DEPLOYED_ANEW
            if key != "taskDefinition"
        )

    def update_service(self, service_properties: dict[str, Any]) -> Service:
        """Change a service under the names that moto's CloudFormation uses."""
        names = {"task_definition": "taskDefinition", "desired_count": "desiredCount"}
        changes = {
            names[key]: value
            for key, value in service_properties.items()
            if key in names and value is not None
        }
        return self.change_service(service_properties["cluster"], service_properties["service"], changes)

    def delete_service(self, cluster_name: str, service_name: str, force: bool) -> Service:
        """Let a service stop its tasks, then be INACTIVE; `force` if it still wants any."""
        service = self.service(self.cluster(cluster_name), service_name)
        if service.scheduling_strategy == "REPLICA" and service.desired_count and not force:
            raise InvalidParameter("The service cannot be stopped while it is scaled above 0.")
        service.desired_count, service.status = 0, "DRAINING"
        self.scheduler.wake(service)
        return service

    def list_tasks(self, *_: Any, **__: Any) -> list[Task]:
        """Return every task, for moto's tag calls; the API's ListTasks is `api_tasks.list_tasks`."""
        return [task for cluster_name in self.tasks for task in self.tasks_of(cluster_name)]

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Yield what the Resource Groups Tagging API lists, container instances too."""
        yield from super().iter_tagged_resources()
        for instance in self._all_instances():
            tags = {tag["key"]: tag["value"] for tag in instance.tags}
            yield TaggedResource(arn=instance.arn, tags=tags, resource_type="ecs:container-instance")

    def _get_resource(self, resource_arn: str, parsed_arn: dict[str, str]) -> Any:
        for instance in self._all_instances():
            if instance.arn == resource_arn:
                return instance
        return super()._get_resource(resource_arn, parsed_arn)

    def _all_instances(self) -> Iterable[ContainerInstance]:
        return [instance for name in list(self.container_instances) for instance in self.instances_of(name)]


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
