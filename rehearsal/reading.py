"""Reads a cluster as it is, politely: only what describes and lists, a few calls a second, and never a secret.

ECS lets an account read its tasks and container instances 20 times a second, drains included
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html): a snapshot takes a quarter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from chalicelib.common.errors import AccessDenied, AwsRefused, AwsUnavailable, InvalidInput, Throttled
from chalicelib.gateways import ecs_calls
from chalicelib.gateways.aws import all_pages, client, in_batches, translated
from rehearsal import schema
from rehearsal.schema import cut_down
from rehearsal.snapshot import FORMAT, VERSION, Item, Snapshot

P = ParamSpec("P")
Read = TypeVar("Read")

PAUSE_SECONDS = 0.2
"""Before each call: five a second."""
RETRY_AFTER = (2.0, 5.0, 10.0, 20.0)
"""Seconds until a throttled call is made again."""
DESCRIBED_AT_ONCE = 100
SERVICES_AT_ONCE = 10
GROUPS_AT_ONCE = 50
TARGET_GROUPS_AT_ONCE = 20
OWN_TAG = "ecs-drainer:"
OWN_LABEL = "embedded-aws/"
"""Docker labels that say how a container of the embedded AWS behaves; all other labels stay where they are."""
QUOTAS = (
    ("cluster resource read", 100, 20),
    ("cluster resource modify", 100, 40),
    ("service read", 100, 20),
    ("task protection", 200, 80),
)
"""AWS's table of the ECS API's request throttling, the rows that drains draw on: burst, and calls a second."""


@dataclass
class Reader:
    """Asks AWS, slowly; tells how far it is."""

    sleep: Callable[[float], object]
    tell: Callable[[str], object] = lambda _: None
    """Is told what is read next."""
    refusals: list[str] = field(default_factory=list)
    calls: int = 0

    def ask(self, read: Callable[P, Read], *args: P.args, **kwargs: P.kwargs) -> Read:
        """Make one call after a pause, and again where AWS throttles it; raises the gateways' errors."""
        self.calls += 1
        self.sleep(PAUSE_SECONDS)
        for pause in RETRY_AFTER:
            try:
                return read(*args, **kwargs)
            except (Throttled, AwsUnavailable):
                self.sleep(pause)
        return read(*args, **kwargs)

    def pages(
        self, operation: Callable[..., Any], key: str, page_key: str = "nextToken", **given: Any
    ) -> list[Any]:
        """Return what all pages of a listing hold, a pause before each page."""

        def slowly(**parameters: Any) -> Any:
            return self.ask(_translated, operation, **parameters)

        return all_pages(slowly, key, page_key, **given)

    def try_to(self, what: str, read: Callable[[], list[Any]]) -> list[Any]:
        """Read what may be refused: then it is noted, and the rehearsal says that it goes without."""
        self.tell(what)
        try:
            return read()
        except (AccessDenied, AwsRefused) as refusal:
            self.refusals.append(f"{what}: {refusal}")
            return []


def _translated(operation: Callable[..., Any], **parameters: Any) -> Any:
    with translated():
        return operation(**parameters)


def read_snapshot(
    cluster: str,
    group: str | None,
    reader: Reader,
    *,
    taken_at: datetime,
    settings: Item,
    past: Sequence[Item] = (),
) -> Snapshot:
    """Read a cluster; of its Auto Scaling groups all, or one.

    Args:
        cluster: its name or ARN.
        group: the name of the one Auto Scaling group to keep; None keeps each that has a container instance.
        reader: asks AWS.
        taken_at: the present instant (aware).
        settings: the ECS_DRAINER_ variables of the stage.
        past: drains of the ledger, by the schema's PAST.

    Raises:
        InvalidInput: there is no such cluster or group.
        DrainerError: AWS refused what a snapshot can't be without.
    """
    document = {
        "format": FORMAT,
        "version": VERSION,
        "taken_at": taken_at,
        "is_anonymised": False,
        **_read_all(_cluster(cluster, reader), group, reader),
        "settings": settings,
        "quotas": [{"bucket": name, "burst": burst, "sustained": rate} for name, burst, rate in QUOTAS],
        "past": list(past),
        "unread": reader.refusals,
    }
    return Snapshot(cut_down(schema.SNAPSHOT, document))


def _read_all(cluster: Item, group: str | None, reader: Reader) -> Item:
    name = cluster["clusterName"]
    instances, tasks = _container_instances(name, reader), _tasks(name, reader)
    services = _services(name, reader)
    groups = reader.try_to("Auto Scaling groups", lambda: _groups(instances, group, reader))
    if group and not groups and not reader.refusals:
        raise InvalidInput(f"Auto Scaling group {group!r} has no container instance in cluster {name}")
    return {
        "cluster": cluster,
        "container_instances": instances,
        "ec2_instances": reader.try_to(
            "EC2 instances", lambda: _ec2_instances(_ids(instances, groups), reader)
        ),
        "tasks": tasks,
        "services": services,
        "task_definitions": _definitions(tasks, services, reader),
        "target_groups": reader.try_to("target groups", lambda: _target_groups(services, groups, reader)),
        "protections": reader.try_to("task protection", lambda: _protections(name, tasks, reader)),
        "capacity_providers": reader.try_to("capacity providers", lambda: _providers(cluster, reader)),
        "groups": groups,
    }


def _cluster(cluster: str, reader: Reader) -> Item:
    reader.tell("the cluster")
    answer = reader.ask(_translated, client("ecs").describe_clusters, clusters=[cluster])
    found: list[Item] = [each for each in answer["clusters"] if each.get("status") != "INACTIVE"]
    if not found:
        raise InvalidInput(f"there is no ECS cluster {cluster!r} in this account and Region")
    return found[0]


def _container_instances(cluster: str, reader: Reader) -> list[Item]:
    reader.tell("container instances")
    ecs = client("ecs")
    arns = reader.pages(ecs.list_container_instances, "containerInstanceArns", cluster=cluster)
    found = [
        each
        for batch in in_batches(arns, DESCRIBED_AT_ONCE)
        for each in reader.ask(ecs_calls.read_container_instances, cluster, batch)
    ]
    return sorted(found, key=lambda each: str(each.get("registeredAt", "")))


def _tasks(cluster: str, reader: Reader) -> list[Item]:
    reader.tell("tasks")
    arns: list[str] = []
    for desired in ("RUNNING", "STOPPED"):
        arns += reader.pages(client("ecs").list_tasks, "taskArns", cluster=cluster, desiredStatus=desired)
    batches = in_batches(list(dict.fromkeys(arns)), DESCRIBED_AT_ONCE)
    return [each for batch in batches for each in reader.ask(ecs_calls.read_tasks, cluster, batch)[0]]


def _services(cluster: str, reader: Reader) -> list[Item]:
    reader.tell("services")
    arns = reader.pages(client("ecs").list_services, "serviceArns", cluster=cluster, maxResults=100)
    found = [
        each
        for batch in in_batches(arns, SERVICES_AT_ONCE)
        for each in reader.ask(ecs_calls.read_services, cluster, batch, include=["TAGS"])
    ]
    oldest_first = sorted(found, key=lambda each: str(each.get("createdAt", "")))
    return [{**each, "tags": _own_tags(each.get("tags", []))} for each in oldest_first]


def _own_tags(tags: Iterable[Item]) -> list[Item]:
    return [tag for tag in tags if tag["key"].startswith(OWN_TAG)]


def _definitions(tasks: Iterable[Item], services: Iterable[Item], reader: Reader) -> list[Item]:
    reader.tell("task definitions")
    live = (task for task in tasks if task["lastStatus"] != "STOPPED")
    arns = {task["taskDefinitionArn"] for task in live} | {service["taskDefinition"] for service in services}
    found = []
    for arn in sorted(arns):
        answer = reader.ask(ecs_calls.read_task_definition, arn, include=["TAGS"])
        if answer is not None:
            found.append({**_plain(answer["taskDefinition"]), "tags": _own_tags(answer.get("tags", []))})
    return found


def _plain(definition: Item) -> Item:
    """Return a task definition without any label but those of the embedded AWS."""
    containers = [
        {
            **one,
            "dockerLabels": {
                k: v for k, v in (one.get("dockerLabels") or {}).items() if k.startswith(OWN_LABEL)
            },
        }
        for one in definition["containerDefinitions"]
    ]
    return {**definition, "containerDefinitions": containers}


def _ids(instances: Iterable[Item], groups: Iterable[Item]) -> list[str]:
    """Return the EC2 instances of the cluster, and those of its groups and their warm pools that aren't in it yet."""
    own = [each["ec2InstanceId"] for each in instances if each.get("ec2InstanceId", "").startswith("i-")]
    members = [
        one["InstanceId"]
        for group in groups
        for one in (*group.get("Instances", []), *group.get("warmPool", {}).get("Instances", []))
    ]
    return list(dict.fromkeys([*own, *members]))


def _ec2_instances(ids: Sequence[str], reader: Reader) -> list[Item]:
    found: list[Item] = []
    for batch in in_batches(ids, DESCRIBED_AT_ONCE):
        pages = reader.pages(
            client("ec2").describe_instances, "Reservations", "NextToken", InstanceIds=list(batch)
        )
        found += [each for page in pages for each in page["Instances"]]
    return sorted(found, key=lambda each: ids.index(each["InstanceId"]))


def _groups(instances: Iterable[Item], wanted: str | None, reader: Reader) -> list[Item]:
    autoscaling = client("autoscaling")
    ids = [each["ec2InstanceId"] for each in instances if each.get("ec2InstanceId", "").startswith("i-")]
    names: dict[str, None] = {}
    for batch in in_batches(ids, GROUPS_AT_ONCE):
        told = reader.pages(
            autoscaling.describe_auto_scaling_instances,
            "AutoScalingInstances",
            "NextToken",
            InstanceIds=list(batch),
        )
        names |= dict.fromkeys(each["AutoScalingGroupName"] for each in told)
    chosen = [name for name in sorted(names) if wanted in (None, name)]
    return [
        _with_hooks(group, reader)
        for batch in in_batches(chosen, GROUPS_AT_ONCE)
        for group in reader.pages(
            autoscaling.describe_auto_scaling_groups,
            "AutoScalingGroups",
            "NextToken",
            AutoScalingGroupNames=list(batch),
        )
    ]


def _with_hooks(group: Item, reader: Reader) -> Item:
    autoscaling, name = client("autoscaling"), group["AutoScalingGroupName"]
    answer = reader.ask(_translated, autoscaling.describe_lifecycle_hooks, AutoScalingGroupName=name)
    own = [tag for tag in group.get("Tags", []) if tag["Key"].startswith(OWN_TAG)]
    more: Item = {"hooks": answer["LifecycleHooks"], "Tags": own}
    if group.get("WarmPoolConfiguration"):
        told = reader.ask(_translated, autoscaling.describe_warm_pool, AutoScalingGroupName=name)
        more["warmPool"] = {**told["WarmPoolConfiguration"], "Instances": told.get("Instances", [])}
    return {**group, **more}


def _target_groups(services: Iterable[Item], groups: Iterable[Item], reader: Reader) -> list[Item]:
    elbv2 = client("elbv2")
    arns = {
        each["targetGroupArn"]: None
        for service in services
        for each in service.get("loadBalancers", [])
        if each.get("targetGroupArn")
    } | {arn: None for group in groups for arn in group.get("TargetGroupARNs", [])}
    found: list[Item] = []
    for batch in in_batches(list(arns), TARGET_GROUPS_AT_ONCE):
        answer = reader.ask(_translated, elbv2.describe_target_groups, TargetGroupArns=list(batch))
        found += [_with_targets(group, reader) for group in answer["TargetGroups"]]
    return found


def _with_targets(group: Item, reader: Reader) -> Item:
    elbv2, arn = client("elbv2"), group["TargetGroupArn"]
    attributes = reader.ask(_translated, elbv2.describe_target_group_attributes, TargetGroupArn=arn)[
        "Attributes"
    ]
    health = reader.ask(_translated, elbv2.describe_target_health, TargetGroupArn=arn)[
        "TargetHealthDescriptions"
    ]
    return {
        **group,
        "attributes": {
            each["Key"]: each["Value"] for each in attributes if each["Key"].startswith("deregistration")
        },
        "targets": [
            {
                "id": each["Target"]["Id"],
                "port": each["Target"].get("Port"),
                "state": each["TargetHealth"]["State"],
            }
            for each in health
        ],
    }


def _protections(cluster: str, tasks: Iterable[Item], reader: Reader) -> list[Item]:
    arns = [
        task["taskArn"]
        for task in tasks
        if task.get("group", "").startswith("service:") and task["desiredStatus"] == "RUNNING"
    ]
    found: list[Item] = []
    for batch in in_batches(arns, DESCRIBED_AT_ONCE):
        answer = reader.ask(
            _translated, client("ecs").get_task_protection, cluster=cluster, tasks=list(batch)
        )
        found += [each for each in answer["protectedTasks"] if each["protectionEnabled"]]
    return found


def _providers(cluster: Item, reader: Reader) -> list[Item]:
    names = [name for name in cluster.get("capacityProviders", []) if not name.startswith("FARGATE")]
    return reader.ask(ecs_calls.read_capacity_providers, names) if names else []
