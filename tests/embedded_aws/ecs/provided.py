"""A cluster on Auto Scaling groups behind capacity providers, to tell stories about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from stories.world import CLUSTER, World


class Provided:
    """The cluster `web` with a capacity provider on each of its groups, and short words for what tests do."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.world = World(client, aws.clock.advance)
        self.world.make_ground()
        self.ecs: Any = client("ecs")
        self.names: list[str] = []

    def provide(
        self, name: str, instances: int, most: int = 10, target: int | None = 100, **more: Any
    ) -> None:
        """Add a group of so many instances, and its provider; a target of None leaves managed scaling off."""
        self.world.add_group(f"{name}-ecs", instances)
        autoscaling = client("autoscaling")
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=f"{name}-ecs", MaxSize=most)
        arn = self.group(name)["AutoScalingGroupARN"]
        scaling = {"status": "ENABLED", "targetCapacity": target} if target else {"status": "DISABLED"}
        self.ecs.create_capacity_provider(
            name=name,
            autoScalingGroupProvider={"autoScalingGroupArn": arn, "managedScaling": scaling, **more},
        )
        self.names.append(name)
        self.associate()
        self.advance(60)

    def associate(self, *default: tuple[str, int]) -> None:
        """Associate all providers with the cluster, and these (name, weight) as its default strategy."""
        shares = [{"capacityProvider": name, "weight": weight} for name, weight in default]
        self.ecs.put_cluster_capacity_providers(
            cluster=CLUSTER,
            capacityProviders=[*self.names, "FARGATE"],
            defaultCapacityProviderStrategy=shares,
        )

    def serve(self, name: str, desired: int, *shares: dict[str, Any], cpu: int = 64, **more: Any) -> None:
        """Create a service by a strategy, or by launch type where there is none."""
        container = {"name": "app", "image": "app:1", "cpu": cpu, "memory": 64}
        self.ecs.register_task_definition(family=name, containerDefinitions=[container])
        strategy = {"capacityProviderStrategy": list(shares)} if shares else {}
        self.ecs.create_service(
            cluster=CLUSTER, serviceName=name, taskDefinition=name, desiredCount=desired, **strategy, **more
        )
        self.advance(30)

    def advance(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.aws.clock.advance(seconds)

    def group(self, name: str) -> dict[str, Any]:
        """Describe the group of a provider."""
        found = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[f"{name}-ecs"])
        return dict(found["AutoScalingGroups"][0])

    def tasks(self, service: str, desired_status: str = "RUNNING") -> list[dict[str, Any]]:
        """Describe the tasks of a service."""
        asked = {"cluster": CLUSTER, "serviceName": service, "desiredStatus": desired_status}
        arns = self.ecs.list_tasks(**asked)["taskArns"]
        return list(self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]) if arns else []

    def statuses(self, service: str) -> list[str]:
        """Return the last statuses of a service's tasks, sorted."""
        return sorted(task["lastStatus"] for task in self.tasks(service))

    def providers(self, service: str) -> list[str]:
        """Return the capacity provider of each task of a service, sorted."""
        return sorted(task.get("capacityProviderName", "-") for task in self.tasks(service))


@contextmanager
def provided() -> Iterator[Provided]:
    """Run an embedded AWS with an empty cluster; `provide` gives it instances."""
    with embedded_aws() as aws:
        yield Provided(aws)
