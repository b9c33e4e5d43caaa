"""ECS on EC2 behind moto's backend: the same stores, filled with things that live on the virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.resource_tagging import TaggedResource
from moto.ec2 import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ecs import urls
from moto.ecs.exceptions import ClusterNotFoundException, ServiceNotFoundException
from moto.ecs.models import EC2ContainerServiceBackend
from moto.moto_api._internal import mock_random

from embedded_aws.aws import now
from embedded_aws.ecs import capacity_providers, events, managed_draining, managed_scaling, strategies, views
from embedded_aws.ecs.errors import ClientError
from embedded_aws.ecs.model import MEMORY_SHARE, ContainerInstance, Service, Task
from embedded_aws.ecs.runtime import ecs
from embedded_aws.ecs.scheduler import Scheduler
from embedded_aws.ecs.script import read_script


class EcsBackend(EC2ContainerServiceBackend):  # type: ignore[misc]  # moto ships no types
    """One account and Region of ECS."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.scheduler = Scheduler(self.services, self.instances_of, self.remember, self.scales)

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
        return _remembered(self.container_instances, cluster_name)

    def instance(self, cluster: Any, name: str) -> ContainerInstance | None:
        """Find a container instance of the cluster by id or full ARN; None if there is none of that name."""
        found: ContainerInstance | None = self.container_instances.get(cluster.name, {}).get(_last(name))
        return found if found and not found.is_forgotten and name in (found.id, found.arn) else None

    def tasks_of(self, cluster_name: str) -> list[Task]:
        """Return all tasks of a cluster that may still be described."""
        return _remembered(self.tasks, cluster_name)

    def tasks_on(self, cluster_name: str, instance: ContainerInstance) -> list[Task]:
        """Return those of `tasks_of` that are or were on a container instance."""
        known = self.tasks.get(cluster_name, {}).values()
        return [task for task in known if task.instance is instance and not task.is_forgotten]

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
        instance = _registered(cluster, ec2_instance, attributes or {}, tags or [])
        instance.capacity_provider = self.provider_of(cluster, ec2_instance_id)
        self.container_instances.setdefault(cluster.name, {})[instance.id] = instance
        events.instance_changed(instance)
        self.scheduler.wake_cluster(cluster.name)
        return instance

    def scales(self, provider_name: str) -> bool:
        """Whether managed scaling of a capacity provider is on."""
        provider = self._get_provider(provider_name)
        return (
            bool(provider) and capacity_providers.settings(provider)["managedScaling"]["status"] == "ENABLED"
        )

    def provider_of(self, cluster: Any, instance_id: str) -> str | None:
        """Return the capacity provider of the cluster to whose group an EC2 instance belongs, or None."""
        return capacity_providers.provider_of(cluster, self._get_provider, instance_id)

    def put_cluster_capacity_providers(
        self, cluster_name: str, providers: list[str] | None, default: list[dict[str, Any]] | None
    ) -> Any:
        """Associate capacity providers with a cluster: ECS scales, protects and drains by them from now on.

        Instances that run already are taken for theirs; the developer guide says only that they may not be.
        """
        known = [*(providers or ()), *strategies.FARGATE]
        for name in providers or ():
            if name not in strategies.FARGATE and self._get_provider(name) is None:
                raise ClientError(
                    "The specified capacity provider was not found. Specify a valid name or ARN."
                )
        strategies.check(default or (), known)
        cluster = super().put_cluster_capacity_providers(cluster_name, providers, default)
        for instance in self.instances_of(cluster.name):
            instance.capacity_provider = self.provider_of(cluster, instance.ec2_instance_id)
        for provider in filter(None, map(self._get_provider, cluster.capacity_providers or [])):
            managed_draining.follow(provider)
            managed_scaling.begin(self)
        self.scheduler.wake_cluster(cluster.name)
        return cluster

    def create_capacity_provider(
        self, name: str, asg_details: dict[str, Any], tags: list[dict[str, str]] | None
    ) -> Any:
        """Create a capacity provider; raises ClientError for a name that is kept for AWS (API reference)."""
        if name.lower().startswith(("aws", "ecs", "fargate")):
            raise ClientError(
                "The specified capacity provider name is invalid. The name can't be prefixed with 'aws', 'ecs', or "
                "'fargate'."
            )
        return super().create_capacity_provider(name, asg_details, tags)

    def describe_capacity_providers(self, names: list[str] | None) -> tuple[list[Any], list[Any]]:
        """Describe capacity providers: all of the account where none is named."""
        providers, failures = super().describe_capacity_providers(names or list(self.capacity_providers))
        return providers, failures

    def delete_capacity_provider(self, name_or_arn: str) -> Any:
        """Delete a capacity provider; raises ClientError while a cluster has it."""
        provider = self._get_provider(name_or_arn)
        if provider is None:
            raise ClientError("The specified capacity provider was not found. Specify a valid name or ARN.")
        active = [cluster for cluster in self.clusters.values() if cluster.status == "ACTIVE"]
        if any(provider.name in (cluster.capacity_providers or ()) for cluster in active):
            raise ClientError("The specified capacity provider is in use and cannot be removed.")
        return super().delete_capacity_provider(name_or_arn)

    def update_capacity_provider(self, name_or_arn: str, asg_provider: dict[str, Any]) -> Any:
        """Change a capacity provider, its managed draining too, which moto forgets."""
        provider = super().update_capacity_provider(name_or_arn, asg_provider)
        if "managedDraining" in asg_provider:
            provider.auto_scaling_group_provider["managedDraining"] = asg_provider["managedDraining"]
        if any(provider.name in (cluster.capacity_providers or ()) for cluster in self.clusters.values()):
            managed_draining.follow(provider)
        return provider

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
        self, family: str, container_definitions: Any, *rest: Any, **more: Any
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

    def list_tasks(self, *_: Any, **__: Any) -> list[Task]:
        """Return every task, for moto's tag calls; the API's ListTasks is `api_tasks.list_tasks`."""
        return [task for cluster_name in self.tasks for task in self.tasks_of(cluster_name)]

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        """Yield what the Resource Groups Tagging API lists, container instances too."""
        yield from super().iter_tagged_resources()
        for instance in self.all_instances():
            tags = {tag["key"]: tag["value"] for tag in instance.tags}
            yield TaggedResource(arn=instance.arn, tags=tags, resource_type="ecs:container-instance")

    def _get_resource(self, resource_arn: str, parsed_arn: dict[str, str]) -> Any:
        found = (instance for instance in self.all_instances() if instance.arn == resource_arn)
        return next(found, None) or super()._get_resource(resource_arn, parsed_arn)

    def all_instances(self) -> list[ContainerInstance]:
        """Return the container instances of all clusters."""
        return [instance for name in list(self.container_instances) for instance in self.instances_of(name)]


def _remembered(store: dict[str, dict[str, Any]], cluster_name: str) -> list[Any]:
    """Return what a cluster has in moto's store, but for what ended long ago, which goes."""
    known = store.get(cluster_name, {})
    for forgotten in [key for key, each in known.items() if each.is_forgotten]:
        del known[forgotten]
    return list(known.values())


def _registered(
    cluster: Any, ec2_instance: Any, attributes: dict[str, str | None], tags: list[dict[str, str]]
) -> ContainerInstance:
    """Make the container instance of moto's EC2 instance, with the resources of its instance type."""
    kind = INSTANCE_TYPES[ec2_instance.instance_type]
    group = getattr(ec2_instance, "autoscaling_group", None)
    said = ecs().registrations.get(group.name) if group is not None else None
    own = {
        "ecs.ami-id": ec2_instance.image_id,
        "ecs.availability-zone": ec2_instance.availability_zone,
        "ecs.instance-type": ec2_instance.instance_type,
        "ecs.os-type": "windows" if ec2_instance.platform == "windows" else "linux",
        "ecs.capability.task-eni": None,
        **(said.attributes if said else {}),
    }
    return ContainerInstance(
        arn=cluster.arn.replace(":cluster/", ":container-instance/") + f"/{mock_random.uuid4().hex}",
        cluster_name=cluster.name,
        cluster_arn=cluster.arn,
        ec2_instance_id=ec2_instance.id,
        cpu=said.cpu if said else kind["VCpuInfo"]["DefaultVCpus"] * 1024,
        memory=said.memory if said else int(kind["MemoryInfo"]["SizeInMiB"] * MEMORY_SHARE),
        interfaces=kind["NetworkInfo"]["MaximumNetworkInterfaces"] - 1,  # for awsvpc tasks: one is its own
        attributes={**own, **attributes},
        tags=tags,
        registered_at=now(),
    )


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
