"""Tasks, container instances, services and clusters as the API describes them; a None is left out of the answer."""

from __future__ import annotations

from collections.abc import Iterable

from embedded_aws.ecs.model import AGENT_PORTS, ContainerInstance, Deployment, Service, Task, View
from embedded_aws.ecs.query import AGENT_VERSION


def task(task: Task, *, with_tags: bool = False) -> View:
    """Describe a task."""
    instance, launch = task.instance, task.launch
    return {
        "taskArn": task.arn,
        "clusterArn": task.cluster.arn,
        "taskDefinitionArn": task.definition.arn,
        "containerInstanceArn": instance.arn or None,
        "capacityProviderName": launch.capacity_provider,
        "availabilityZone": instance.attributes.get("ecs.availability-zone"),
        "group": launch.group,
        "startedBy": launch.started_by,
        "launchType": "EC2",
        "lastStatus": task.last_status,
        "desiredStatus": task.desired_status,
        "healthStatus": task.health_status,
        "connectivity": task.connectivity,
        "cpu": str(task.needs.cpu),
        "memory": str(task.needs.memory),
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **launch.overrides},
        "attributes": [],
        "attachments": [],
        "enableExecuteCommand": False,
        "version": task.version,
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "containers": [_container(task, number) for number in range(len(task.runtime_ids))],
        "tags": task.tags if with_tags else None,
        **_instants(task),
    }


def _instants(task: Task) -> View:
    return {
        "createdAt": task.created_at,
        "connectivityAt": task.connectivity_at,
        "pullStartedAt": task.pull_started_at,
        "pullStoppedAt": task.pull_stopped_at,
        "startedAt": task.started_at,
        "stoppingAt": task.stopping_at,
        "executionStoppedAt": task.execution_stopped_at,
        "stoppedAt": task.stopped_at,
    }


def _container(task: Task, number: int) -> View:
    definition, runtime_id = task.definition.container_definitions[number], task.runtime_ids[number]
    has_run = task.started_at is not None
    memory = definition.get("memory")
    return {
        "containerArn": task.arn.replace(":task/", ":container/") + f"/{runtime_id}",
        "taskArn": task.arn,
        "name": definition.get("name"),
        "image": definition.get("image"),
        "runtimeId": runtime_id if has_run else None,
        "lastStatus": _container_status(task),
        "exitCode": task.exit_code if task.execution_stopped_at is not None else None,
        "healthStatus": task.health_status if definition.get("healthCheck") else "UNKNOWN",
        "networkBindings": task.bindings if has_run else [],
        "networkInterfaces": [],
        "cpu": str(definition.get("cpu") or 0),
        "memory": str(memory) if memory else None,
    }


def _container_status(task: Task) -> str:
    if task.execution_stopped_at is not None or task.stopped_at is not None:
        return "STOPPED"
    return "RUNNING" if task.started_at is not None else "PENDING"


def container_instance(
    instance: ContainerInstance, *, with_tags: bool = False, with_health: bool = False
) -> View:
    """Describe a container instance; tags and health are given when asked for."""
    return {
        "containerInstanceArn": instance.arn,
        "clusterArn": instance.cluster_arn,
        "ec2InstanceId": instance.ec2_instance_id,
        "status": instance.status,
        "agentConnected": instance.agent_connected,
        "runningTasksCount": instance.running_tasks_count,
        "pendingTasksCount": instance.pending_tasks_count,
        "version": instance.version,
        "versionInfo": {"agentVersion": AGENT_VERSION, "agentHash": "4023248", "dockerVersion": "25.0.8"},
        "registeredAt": instance.registered_at,
        "registeredResources": _resources(instance.cpu, instance.memory, {}),
        "remainingResources": _resources(instance.remaining_cpu, instance.remaining_memory, instance.ports),
        "attributes": [
            {"name": name} if value is None else {"name": name, "value": value}
            for name, value in instance.attributes.items()
        ],
        "attachments": [],
        "capacityProviderName": instance.capacity_provider,
        "tags": instance.tags if with_tags else None,
        "healthStatus": _instance_health(instance) if with_health else None,
    }


def _instance_health(instance: ContainerInstance) -> View:
    status = "OK" if instance.agent_connected else "INSUFFICIENT_DATA"
    return {"overallStatus": status, "details": [{"type": "CONTAINER_RUNTIME", "status": status}]}


def _resources(cpu: int, memory: int, ports: dict[str, list[str]]) -> list[View]:
    return [
        {"name": "CPU", "type": "INTEGER", "integerValue": cpu},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": memory},
        {"name": "PORTS", "type": "STRINGSET", "stringSetValue": list(ports.get("PORTS", AGENT_PORTS))},
        {"name": "PORTS_UDP", "type": "STRINGSET", "stringSetValue": list(ports.get("PORTS_UDP", ()))},
    ]


def service(service: Service, *, with_tags: bool = False) -> View:
    """Describe the service in the API's words."""
    low, high = service.percents
    running, pending = _counts(service.tasks.values())
    return {
        "deploymentController": {"type": "ECS"},
        "launchType": None if service.provider_strategy else "EC2",
        "placementConstraints": [],
        "placementStrategy": [],
        "loadBalancers": [],
        "serviceRegistries": [],
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "propagateTags": "NONE",
        **service.settings,
        "deploymentConfiguration": {"minimumHealthyPercent": low, "maximumPercent": high},
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster.arn,
        "status": service.status,
        "schedulingStrategy": service.scheduling_strategy,
        "desiredCount": service.desired_count,
        "runningCount": running,
        "pendingCount": pending,
        "taskDefinition": service.primary.definition.arn,
        "deployments": [_deployment(service, deployment) for deployment in service.deployments],
        "events": service.events,
        "createdAt": service.created_at,
        "tags": service.tags if with_tags else None,
    }


def _deployment(service: Service, deployment: Deployment) -> View:
    running, pending = _counts(
        task for task in service.tasks.values() if task.launch.started_by == deployment.id
    )
    return {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": deployment.definition.arn,
        "desiredCount": service.desired_count if deployment is service.primary else 0,
        "runningCount": running,
        "pendingCount": pending,
        "failedTasks": 0,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "launchType": "EC2",
        "rolloutState": deployment.rollout_state,
        "rolloutStateReason": deployment.reason,
    }


def _counts(tasks: Iterable[Task]) -> tuple[int, int]:
    """Return how many are RUNNING and how many on their way there; those that stop are neither."""
    statuses = [task.last_status for task in tasks if task.is_live]
    running = statuses.count("RUNNING")
    return running, len(statuses) - running


def cluster_counts(
    instances: Iterable[ContainerInstance], tasks: Iterable[Task], services: Iterable[Service]
) -> dict[str, int]:
    """Count what DescribeClusters counts, under the names of moto's cluster."""
    statuses = [task.last_status for task in tasks]
    return {
        "registered_container_instances_count": sum(instance.status != "INACTIVE" for instance in instances),
        "running_tasks_count": statuses.count("RUNNING"),
        "pending_tasks_count": statuses.count("PENDING") + statuses.count("PROVISIONING"),
        "active_services_count": sum(service.status == "ACTIVE" for service in services),
    }
