"""What a snapshot has and a rehearsal can't behave like: a sentence each, so that no difference is silent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rehearsal.as_found import UNREHEARSED_TAGS, health_by_task, how_long_they_lasted, is_waiting
from rehearsal.snapshot import Item, Snapshot


def not_rehearsed(snapshot: Snapshot) -> tuple[str, ...]:
    """Return every sentence, in an order that doesn't change."""
    parts = (_of_services, _of_definitions, _of_tasks, _of_instances, _of_groups, _of_the_rest)
    return tuple(dict.fromkeys(sentence for part in parts for sentence in part(snapshot)))


def _of_services(snapshot: Snapshot) -> Iterator[str]:
    for service in snapshot.services:
        name = f"service {service['serviceName']}"
        yield from (f"{name}: {said}" for said in (*_of_configuration(service), *_around(service)))


def _of_configuration(service: Item) -> Iterator[str]:
    configuration = service.get("deploymentConfiguration", {})
    if configuration.get("deploymentCircuitBreaker", {}).get("enable"):
        yield "its circuit breaker; replacements start as others did, so that it has no occasion"
    if configuration.get("alarms", {}).get("enable"):
        yield "the alarms that may fail its deployment"
    if configuration.get("strategy", "ROLLING") != "ROLLING":
        yield f"its deployment strategy {configuration['strategy']}; tasks are replaced as in a rolling one"
    if any(each.get("failedTasks") for each in service.get("deployments", [])):
        yield "tasks of its deployment failed; those that start in a rehearsal don't"
    if len(service.get("deployments", [])) > 1:
        yield "a deployment is under way, and goes on without failures"


def _around(service: Item) -> Iterator[str]:
    if service.get("availabilityZoneRebalancing") == "ENABLED":
        yield "Availability Zone rebalancing, which may move more tasks afterwards"
    if any(each.get("loadBalancerName") for each in service.get("loadBalancers", [])):
        yield "its Classic Load Balancer; its connection draining takes longer than told"
    if service.get("launchType") in ("FARGATE", "EXTERNAL"):
        yield f"it runs on {service['launchType']}, and not on these instances"
    for tag in service.get("tags", []):
        if tag["key"] in UNREHEARSED_TAGS:
            yield f"its tag {tag['key']}: whom it names isn't asked, and the gate counts as open"


def _of_definitions(snapshot: Snapshot) -> Iterator[str]:
    for definition in snapshot.definitions.values():
        name = f"task definition {definition['family']}:{definition['revision']}"
        containers = definition["containerDefinitions"]
        kinds = {each["type"] for one in containers for each in one.get("resourceRequirements", [])}
        for kind in sorted(kinds):
            yield f"{name}: its {kind} requirement; room is found without it"
        if any(
            "ebs" in volume.get("dockerVolumeConfiguration", {}).get("driver", "")
            for volume in definition.get("volumes", [])
        ):
            yield f"{name}: its EBS volume, which binds it to an Availability Zone"
        missing = _attributes_missing_somewhere(snapshot, definition.get("requiresAttributes", []))
        for attribute in missing:
            yield f"{name}: it requires the attribute {attribute}, which some instances lack; it isn't asked for"


def _attributes_missing_somewhere(snapshot: Snapshot, required: Iterable[Item]) -> list[str]:
    own = [{each["name"] for each in instance.get("attributes", [])} for instance in snapshot.instances]
    return sorted({each["name"] for each in required if any(each["name"] not in names for names in own)})


def _of_tasks(snapshot: Snapshot) -> Iterator[str]:
    health = health_by_task(snapshot)
    families: dict[str, int] = {}
    for task in snapshot.tasks:
        if task["lastStatus"] == "STOPPED":
            continue
        short = task["taskArn"].rsplit("/", 1)[-1][:8]
        group, _, name = task.get("group", "").partition(":")
        if health[task["taskArn"]] == "unhealthy":
            yield f"task {short} of {name}: it is unhealthy, and stays so"
        if group != "service":
            families[name] = families.get(name, 0) + 1
        if task["taskDefinitionArn"] not in snapshot.definitions:
            yield f"task {short} of {name}: its task definition is gone, and it is left out"
    for family, number in sorted(families.items()):
        is_scripted = any(
            "embedded-aws/exits-after" in (container.get("dockerLabels") or {})
            for definition in snapshot.definitions.values()
            if definition["family"] == family
            for container in definition["containerDefinitions"]
        )
        if not is_scripted and not how_long_they_lasted(snapshot, family):
            yield f"{number} standalone tasks of {family}: nobody knows when they end; they don't in a rehearsal"


def _of_instances(snapshot: Snapshot) -> Iterator[str]:
    for instance in snapshot.instances:
        identifier = instance["ec2InstanceId"]
        if not identifier.startswith("i-"):
            yield f"{identifier}: no EC2 instance of yours; it is left out with its tasks"
        elif instance["status"] == "DRAINING":
            yield f"{identifier}: it is DRAINING already, and stays so; the drain that may be open isn't continued"


def _of_groups(snapshot: Snapshot) -> Iterator[str]:
    for group in snapshot.groups:
        name = f"Auto Scaling group {group['AutoScalingGroupName']}"
        own = [one["InstanceId"] for one in group.get("Instances", [])]
        types = {snapshot.ec2[one]["InstanceType"] for one in own if one in snapshot.ec2}
        if len(types) > 1:
            yield f"{name}: its mix of {', '.join(sorted(types))}; new instances are as its latest"
        yield from (f"{name}: {said}" for said in _of_settings(group))
        for one in group.get("Instances", []):
            if "Terminating" in one["LifecycleState"]:
                yield f"{one['InstanceId']}: Auto Scaling is terminating it already; it stays as it is"


def _of_settings(group: Item) -> Iterator[str]:
    policies = set(group.get("TerminationPolicies", ["Default"]))
    if policies != {"Default"}:
        yield f"its termination policies {', '.join(sorted(policies))}; the default chooses who goes"
    if group.get("InstanceMaintenancePolicy", {}).get("MaxHealthyPercentage", -1) > 100:
        yield "its instance maintenance policy, but for an instance refresh: replacements come first on AWS"
    if group.get("LoadBalancerNames"):
        yield "its Classic Load Balancers, and their connection draining"
    if any(hook["LifecycleTransition"].endswith("LAUNCHING") for hook in group.get("hooks", [])):
        yield "its launch hooks; their time is in that of new instances, as it was measured"


def _of_the_rest(snapshot: Snapshot) -> Iterator[str]:
    yield from _of_scaling(snapshot)
    for refused in snapshot.document["unread"]:
        yield f"not read: {refused}"
    yield "scaling policies and alarms that change desired counts, and other deployments meanwhile"


def _of_scaling(snapshot: Snapshot) -> Iterator[str]:
    """Managed scaling publishes once a minute, and scales in after fifteen: no answer says since when."""
    for provider in snapshot.document["capacity_providers"]:
        scaling = provider.get("autoScalingGroupProvider", {}).get("managedScaling", {})
        if scaling.get("status") == "ENABLED":
            yield (
                f"capacity provider {provider['name']}: when its managed scaling looks, and for how long its group has "
                "been too large; it scales out up to a minute, and in up to 15 minutes, earlier or later"
            )
    waiting = sum(is_waiting(task) for task in snapshot.tasks)
    if waiting:
        yield f"{waiting} tasks wait for an instance of a capacity provider; in a rehearsal they run without one"
