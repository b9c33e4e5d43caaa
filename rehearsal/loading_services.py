"""Puts a snapshot's target groups, task definitions, services and tasks into the embedded AWS."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median
from typing import Any

from moto.ecs.models import TaskDefinition, ecs_backends

from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.clients import client
from embedded_aws.ecs.model import SPREAD, ContainerInstance, Deployment, Launch, Service
from embedded_aws.ecs.restored import FoundTask, put_service, put_task
from rehearsal.as_found import UNREHEARSED_TAGS, bindings_of, health_by_task, how_long_they_lasted
from rehearsal.snapshot import Item, Snapshot
from rehearsal.timings import Timings, labels_of

KEPT_SETTINGS = (
    "deploymentController",
    "deploymentConfiguration",
    "placementConstraints",
    "placementStrategy",
    "healthCheckGracePeriodSeconds",
    "launchType",
    "capacityProviderStrategy",
)
STEADY = "has reached a steady state."


def load_target_groups(snapshot: Snapshot) -> dict[str, str]:
    """Make the target groups; returns their new ARNs by those of the snapshot."""
    elbv2, made = client("elbv2"), {}
    network = client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    for group in snapshot.target_groups.values():
        answer = elbv2.create_target_group(
            Name=group["TargetGroupName"],
            Protocol="HTTP",
            Port=80,
            VpcId=network,
            TargetType=group.get("TargetType", "instance"),
            HealthCheckIntervalSeconds=group.get("HealthCheckIntervalSeconds", 30),
            HealthyThresholdCount=group.get("HealthyThresholdCount", 5),
        )
        arn = answer["TargetGroups"][0]["TargetGroupArn"]
        attributes = [{"Key": key, "Value": value} for key, value in group.get("attributes", {}).items()]
        elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=attributes)
        made[group["TargetGroupArn"]] = arn
    return made


def load_services(
    snapshot: Snapshot,
    timings: Mapping[str, Timings],
    places: Mapping[str, ContainerInstance],
    target_groups: Mapping[str, str],
) -> None:
    """Load task definitions, services and tasks; `places` and `target_groups` by the ARNs in the snapshot."""
    backend = ecs_backends[ACCOUNT_ID][REGION]
    cluster = backend.cluster(snapshot.cluster)
    users = _users(snapshot)
    definitions = {
        arn: _definition(snapshot, told, timings.get(users.get(arn, "")))
        for arn, told in snapshot.definitions.items()
    }
    for definition in definitions.values():
        backend.task_definitions.setdefault(definition.family, {})[definition.revision] = definition
    services: dict[str, Service] = {}
    for told in snapshot.services:
        service = _service(cluster, told, target_groups)
        services[service.name] = put_service(backend, service, _deployments(snapshot, told, definitions))
    protections = {each["taskArn"]: each.get("expirationDate") for each in snapshot.document["protections"]}
    health = health_by_task(snapshot)
    for task in in_order_of_start(snapshot):
        is_elsewhere = task.get("containerInstanceArn") and task["containerInstanceArn"] not in places
        if task["taskDefinitionArn"] not in definitions or is_elsewhere:
            continue
        launch = _launch(cluster, task, services, definitions[task["taskDefinitionArn"]])
        place = places.get(task.get("containerInstanceArn", ""))
        found = _found(snapshot, task, cluster, protections.get(task["taskArn"]), health[task["taskArn"]])
        put_task(backend, launch, place, found)


def in_order_of_start(snapshot: Snapshot) -> list[Item]:
    """Return the tasks that aren't STOPPED in the order in which they were started, as far as it can be known.

    Of tasks of one instant, services' events name them in the order of their placement.
    """
    told: dict[str, int] = {}
    for service in snapshot.services:
        for event in reversed(service.get("events", [])):
            for word in event["message"].split("(task ")[1:]:
                told.setdefault(word.partition(")")[0], len(told))
    live = [task for task in snapshot.tasks if task["lastStatus"] != "STOPPED"]
    return sorted(
        live,
        key=lambda task: (
            task.get("createdAt", ""),
            told.get(task["taskArn"].rsplit("/", 1)[-1], len(told)),
            task["taskArn"],
        ),
    )


def _users(snapshot: Snapshot) -> dict[str, str]:
    """Return by task definition the service whose timings it takes: that of a service's primary deployment first."""
    users: dict[str, str] = {}
    for service in snapshot.services:
        users.setdefault(service["taskDefinition"], service["serviceName"])
    for task in snapshot.tasks:
        group, _, name = task.get("group", "").partition(":")
        if group == "service":
            users.setdefault(task["taskDefinitionArn"], name)
    return users


def _definition(snapshot: Snapshot, told: Item, timings: Timings | None) -> Any:
    containers = []
    for container in told["containerDefinitions"]:
        labels = labels_of(timings, container)
        if timings is None and "embedded-aws/exits-after" not in labels:
            labels |= _until_exit(snapshot, told)
        copied = {**container, "image": "rehearsed", "dockerLabels": labels}
        if "healthCheck" in container:
            copied["healthCheck"] = {"command": ["CMD-SHELL", "true"], **container["healthCheck"]}
        containers.append(copied)
    definition = TaskDefinition(
        told["family"],
        told["revision"],
        containers,
        ACCOUNT_ID,
        REGION,
        network_mode=told.get("networkMode"),
        volumes=told.get("volumes", []),
        tags=_rehearsed_tags(told.get("tags", [])),
        placement_constraints=told.get("placementConstraints", []),
        cpu=told.get("cpu"),
        memory=told.get("memory"),
    )
    definition.requires_attributes = told.get("requiresAttributes", [])
    return definition


def _until_exit(snapshot: Snapshot, told: Item) -> dict[str, str]:
    """Return after how long tasks of a family that no service runs ended by themselves lately, as a label."""
    lasted = how_long_they_lasted(snapshot, told["family"])
    return {"embedded-aws/exits-after": f"{median(lasted):g}"} if lasted else {}


def _rehearsed_tags(tags: Iterable[Item]) -> list[Item]:
    return [dict(tag) for tag in tags if tag["key"] not in UNREHEARSED_TAGS]


def _service(cluster: Any, told: Item, target_groups: Mapping[str, str]) -> Service:
    settings = {name: told[name] for name in KEPT_SETTINGS if name in told}
    settings["loadBalancers"] = [
        {**balancer, "targetGroupArn": target_groups[balancer["targetGroupArn"]]}
        for balancer in told.get("loadBalancers", [])
        if balancer.get("targetGroupArn") in target_groups
    ]
    if settings.get("capacityProviderStrategy"):
        settings.pop("launchType", None)
    events = [
        {
            "id": str(number),
            "createdAt": datetime.fromisoformat(event["createdAt"]),
            "message": event["message"],
        }
        for number, event in enumerate(told.get("events", []))
    ]
    return Service(
        cluster,
        told["serviceName"],
        told.get("schedulingStrategy", "REPLICA"),
        told["desiredCount"],
        settings,
        _rehearsed_tags(told.get("tags", [])),
        datetime.fromisoformat(_created_at(told)),
        status=told.get("status", "ACTIVE"),
        events=events,
        is_steady=bool(events) and str(events[0]["message"]).endswith(STEADY),
    )


def _created_at(told: Item) -> str:
    deployments = told.get("deployments") or [{}]
    return str(deployments[0].get("createdAt", "2000-01-01T00:00:00+00:00"))


def _deployments(snapshot: Snapshot, told: Item, definitions: Mapping[str, Any]) -> list[Deployment]:
    """Return the deployments under their ids; a service of another controller has one, of which all tasks are."""
    made = []
    for each in told.get("deployments", []):
        if each["taskDefinition"] in definitions:
            at = datetime.fromisoformat(each.get("createdAt", _created_at(told)))
            status, rollout = each["status"], each.get("rolloutState", "COMPLETED")
            deployment = Deployment(definitions[each["taskDefinition"]], at, status, rollout)
            deployment.id = each["id"]
            made.append(deployment)
    if not made:
        starters = Counter(
            task.get("startedBy", "")
            for task in snapshot.tasks
            if task.get("group") == f"service:{told['serviceName']}"
        )
        at = datetime.fromisoformat(_created_at(told))
        made = [Deployment(definitions[told["taskDefinition"]], at, "PRIMARY", "COMPLETED")]
        made[0].id = starters.most_common(1)[0][0] if starters else made[0].id
    return sorted(made, key=lambda deployment: deployment.status != "PRIMARY")


def _launch(cluster: Any, task: Item, services: Mapping[str, Service], definition: Any) -> Launch:
    group = task.get("group", "")
    service = services.get(group.partition(":")[2]) if group.startswith("service:") else None
    settings = service.settings if service else {}
    return Launch(
        cluster,
        definition,
        group,
        [*settings.get("placementConstraints", ()), *definition.placement_constraints],
        settings.get("placementStrategy") or SPREAD,
        started_by=task.get("startedBy"),
        service=service,
        capacity_provider=task.get("capacityProviderName"),
    )


def _found(
    snapshot: Snapshot, task: Item, cluster: Any, protected_until: str | None, health: str
) -> FoundTask:
    taken_at = str(snapshot.document["taken_at"])
    return FoundTask(
        arn=cluster.arn.replace(":cluster/", ":task/") + "/" + task["taskArn"].rsplit("/", 1)[-1],
        last_status=task["lastStatus"],
        desired_status=task["desiredStatus"],
        created_at=datetime.fromisoformat(str(task.get("createdAt", taken_at))),
        started_at=_instant(task.get("startedAt")),
        stopping_at=_instant(task.get("stoppingAt")),
        is_healthy=health == "healthy",
        stays_unhealthy=health == "unhealthy",
        protected_until=_instant(protected_until),
        ports={
            (each["containerPort"], each.get("protocol", "tcp")): each["hostPort"]
            for each in bindings_of(task)
            if each.get("containerPort") and each.get("hostPort")
        },
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
