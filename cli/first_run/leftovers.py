"""Finds by their tag what first runs have created, and removes it: at the end of a run, and after one that was killed.

A run keeps no list of what it creates: each thing has its tag from the call that creates it, so that nothing is lost
between the call and a note of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.common.errors import AwsRefused, DrainerError, Gone
from chalicelib.gateways.aws import in_batches
from cli.first_run.account import PREFIX, TAG, Account, Answer, tag_of
from cli.first_run.findings import Unsettled

GONE_WITHIN = 900.0
"""Seconds until a group's instances are gone, or a cluster is empty."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something that a first run has created."""

    kind: str
    name: str
    """As its removal takes it: a name, an ARN or a URL."""
    tag: str
    """Whose it is: `<region>/<run>`."""

    @property
    def called(self) -> str:
        """What people call it."""
        return f"{self.kind} {self.name.rpartition('/')[2].rpartition(':')[2]}"


Pairs = Iterator[tuple[str, str | None]]
"""A name, and the value of its tag if it has one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource."""

    name: str
    find: Callable[[Account], Pairs]
    remove: Callable[[Account, str], object]


def leftovers(account: Account, run_tag: str | None = None) -> tuple[list[Leftover], list[str]]:
    """Return what there is of one run, or of all runs of this Region, in the order in which it can be removed.

    And a sentence for each kind that could not be listed.
    """
    found: list[Leftover] = []
    refused = []
    for kind in KINDS:
        try:
            found += [Leftover(kind.name, name, tag) for name, tag in kind.find(account) if tag]
        except DrainerError as error:
            refused.append(f"{kind.name}s could not be listed: {error}")
    here = [each for each in found if each.tag.startswith(f"{account.region}/")]
    return [each for each in here if run_tag in (None, each.tag)], refused


def _with_tags(names: Iterable[str], tag: Callable[[str], str | None]) -> Pairs:
    """Yield each name with its tag, but for those that are gone since they were listed."""
    for name in names:
        with suppress(Gone):
            yield name, tag(name)


def remove(account: Account, what: list[Leftover], tell: Callable[[str], None]) -> list[str]:
    """Remove all of it; returns a sentence for each thing that could not be removed."""
    kinds, refused = {kind.name: kind for kind in KINDS}, []
    for each in what:
        try:
            with suppress(Gone):
                kinds[each.kind].remove(account, each.name)
            tell(f"removed: {each.called}")
        except (DrainerError, Unsettled) as error:
            refused.append(f"{each.called}: {error}")
    return refused


def _machines(account: Account) -> Pairs:
    listed = account.pages("stepfunctions", "list_state_machines", "stateMachines", "nextToken")
    ours = [one["stateMachineArn"] for one in listed if one["name"].startswith(PREFIX)]
    asked = "stepfunctions", "list_tags_for_resource"
    return _with_tags(ours, lambda arn: tag_of(account.ask(*asked, resourceArn=arn)["tags"]))


def _remove_machine(account: Account, arn: str) -> None:
    running = {"stateMachineArn": arn, "statusFilter": "RUNNING"}
    for one in account.ask("stepfunctions", "list_executions", **running)["executions"]:
        account.ask("stepfunctions", "stop_execution", executionArn=one["executionArn"])
    account.ask("stepfunctions", "delete_state_machine", stateMachineArn=arn)


def _rules(account: Account) -> Pairs:
    arns = {
        one["Name"]: one["Arn"] for one in account.ask("events", "list_rules", NamePrefix=PREFIX)["Rules"]
    }
    asked = "events", "list_tags_for_resource"
    return _with_tags(arns, lambda name: tag_of(account.ask(*asked, ResourceARN=arns[name])["Tags"]))


def _remove_rule(account: Account, name: str) -> None:
    targets = [one["Id"] for one in account.ask("events", "list_targets_by_rule", Rule=name)["Targets"]]
    if targets:
        account.ask("events", "remove_targets", Rule=name, Ids=targets)
    account.ask("events", "delete_rule", Name=name)


def _providers(account: Account) -> Pairs:
    asked = "ecs", "describe_capacity_providers", "capacityProviders", "nextToken"
    for one in account.pages(*asked, include=["TAGS"]):
        if one["status"] != "INACTIVE":
            yield one["name"], tag_of(one.get("tags", []))


def _remove_provider(account: Account, name: str) -> None:
    """Take it off its cluster and delete it, while its group is there still: ECS takes its hook off that."""
    for cluster in _cluster_arns(account):
        described = account.ask("ecs", "describe_clusters", clusters=[cluster])["clusters"]
        if any(name in one.get("capacityProviders", []) for one in described if one["status"] == "ACTIVE"):
            without: Answer = {"capacityProviders": [], "defaultCapacityProviderStrategy": []}
            account.ask_until_taken("ecs", "put_cluster_capacity_providers", cluster=cluster, **without)
    account.ask_until_taken("ecs", "delete_capacity_provider", capacityProvider=name)
    account.wait_for(
        f"the capacity provider {name} is gone", lambda: _no_provider(account, name), GONE_WITHIN
    )


def _no_provider(account: Account, name: str) -> bool | None:
    answer = account.ask("ecs", "describe_capacity_providers", capacityProviders=[name])
    return None if any(one["status"] != "INACTIVE" for one in answer["capacityProviders"]) else True


def _groups(account: Account) -> Pairs:
    wanted = [{"Name": "key", "Values": [TAG]}]
    for one in account.pages("autoscaling", "describe_tags", "Tags", "NextToken", Filters=wanted):
        yield one["ResourceId"], one["Value"]


def _remove_group(account: Account, name: str) -> None:
    """Delete it by force: hooks hold nothing then, and the instances go with it."""
    account.ask("autoscaling", "delete_auto_scaling_group", AutoScalingGroupName=name, ForceDelete=True)
    account.wait_for(f"the group {name} is gone", lambda: _no_group(account, name), GONE_WITHIN)


def _no_group(account: Account, name: str) -> bool | None:
    answer = account.ask("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[name])
    return None if answer["AutoScalingGroups"] else True


def _cluster_arns(account: Account) -> list[str]:
    """Return the clusters that are named as first runs name theirs."""
    arns = account.pages("ecs", "list_clusters", "clusterArns", "nextToken")
    return [arn for arn in arns if arn.rpartition("/")[2].startswith(PREFIX)]


def _clusters(account: Account) -> Pairs:
    for batch in in_batches(_cluster_arns(account), 100):
        for one in account.ask("ecs", "describe_clusters", clusters=list(batch), include=["TAGS"])[
            "clusters"
        ]:
            if one["status"] != "INACTIVE":
                yield one["clusterArn"], tag_of(one.get("tags", []))


def _remove_cluster(account: Account, arn: str) -> None:
    for service in account.pages("ecs", "list_services", "serviceArns", "nextToken", cluster=arn):
        account.ask("ecs", "delete_service", cluster=arn, service=service, force=True)
    account.wait_for(f"the cluster {arn} is empty", lambda: _emptied(account, arn), GONE_WITHIN)


def _emptied(account: Account, arn: str) -> bool | None:
    """Take the container instances out and delete the cluster; None while ECS refuses."""
    for one in account.pages(
        "ecs", "list_container_instances", "containerInstanceArns", "nextToken", cluster=arn
    ):
        with suppress(AwsRefused):
            account.ask(
                "ecs", "deregister_container_instance", cluster=arn, containerInstance=one, force=True
            )
    try:
        account.ask("ecs", "delete_cluster", cluster=arn)
    except Gone:
        return True
    except AwsRefused:
        return None
    return True


def _task_definitions(account: Account) -> Pairs:
    asked = "ecs", "list_task_definition_families", "families", "nextToken"
    families = account.pages(*asked, familyPrefix=PREFIX, status="ACTIVE")
    listed = [account.ask("ecs", "list_task_definitions", familyPrefix=family) for family in families]
    arns = [arn for answer in listed for arn in answer["taskDefinitionArns"]]
    return _with_tags(arns, lambda arn: _tag_of_task_definition(account, arn))


def _tag_of_task_definition(account: Account, arn: str) -> str | None:
    described = account.ask("ecs", "describe_task_definition", taskDefinition=arn, include=["TAGS"])
    return tag_of(described.get("tags", []))


def _remove_task_definition(account: Account, arn: str) -> None:
    account.ask("ecs", "deregister_task_definition", taskDefinition=arn)
    account.ask("ecs", "delete_task_definitions", taskDefinitions=[arn])


def _templates(account: Account) -> Pairs:
    wanted = [{"Name": "tag-key", "Values": [TAG]}]
    for one in account.ask("ec2", "describe_launch_templates", Filters=wanted)["LaunchTemplates"]:
        yield one["LaunchTemplateId"], tag_of(one.get("Tags", []))


def _volumes(account: Account) -> Pairs:
    """Root volumes that were replaced, and not deleted with that."""
    wanted = [{"Name": "tag-key", "Values": [TAG]}, {"Name": "status", "Values": ["available"]}]
    for one in account.ask("ec2", "describe_volumes", Filters=wanted)["Volumes"]:
        yield one["VolumeId"], tag_of(one.get("Tags", []))


def _topics(account: Account) -> Pairs:
    arns = [one["TopicArn"] for one in account.pages("sns", "list_topics", "Topics", "NextToken")]
    ours = [arn for arn in arns if arn.rpartition(":")[2].startswith(PREFIX)]
    asked = "sns", "list_tags_for_resource"
    return _with_tags(ours, lambda arn: tag_of(account.ask(*asked, ResourceArn=arn)["Tags"]))


def _queues(account: Account) -> Pairs:
    urls = account.ask("sqs", "list_queues", QueueNamePrefix=PREFIX).get("QueueUrls", [])
    asked = "sqs", "list_queue_tags"
    return _with_tags(urls, lambda url: account.ask(*asked, QueueUrl=url).get("Tags", {}).get(TAG))


def _profiles(account: Account) -> Pairs:
    listed = account.ask("iam", "list_instance_profiles", PathPrefix=f"/{PREFIX}/")["InstanceProfiles"]
    names = [one["InstanceProfileName"] for one in listed]
    return _with_tags(names, lambda name: tag_of(_profile(account, name).get("Tags", [])))


def _profile(account: Account, name: str) -> Answer:
    found: Answer = account.ask("iam", "get_instance_profile", InstanceProfileName=name)["InstanceProfile"]
    return found


def _remove_profile(account: Account, name: str) -> None:
    for role in _profile(account, name)["Roles"]:
        given = {"InstanceProfileName": name, "RoleName": role["RoleName"]}
        account.ask("iam", "remove_role_from_instance_profile", **given)
    account.ask("iam", "delete_instance_profile", InstanceProfileName=name)


def _roles(account: Account) -> Pairs:
    names = [one["RoleName"] for one in account.ask("iam", "list_roles", PathPrefix=f"/{PREFIX}/")["Roles"]]
    return _with_tags(names, lambda name: tag_of(account.ask("iam", "list_role_tags", RoleName=name)["Tags"]))


def _remove_role(account: Account, name: str) -> None:
    for policy in account.ask("iam", "list_role_policies", RoleName=name)["PolicyNames"]:
        account.ask("iam", "delete_role_policy", RoleName=name, PolicyName=policy)
    account.ask("iam", "delete_role", RoleName=name)


KINDS = (
    Kind("state machine", _machines, _remove_machine),
    Kind("capacity provider", _providers, _remove_provider),
    Kind("Auto Scaling group", _groups, _remove_group),
    Kind("cluster", _clusters, _remove_cluster),
    Kind("task definition", _task_definitions, _remove_task_definition),
    Kind(
        "launch template",
        _templates,
        lambda to, it: to.ask("ec2", "delete_launch_template", LaunchTemplateId=it),
    ),
    Kind("volume", _volumes, lambda to, it: to.ask("ec2", "delete_volume", VolumeId=it)),
    Kind("rule", _rules, _remove_rule),
    Kind("topic", _topics, lambda to, it: to.ask("sns", "delete_topic", TopicArn=it)),
    Kind("queue", _queues, lambda to, it: to.ask("sqs", "delete_queue", QueueUrl=it)),
    Kind("instance profile", _profiles, _remove_profile),
    Kind("role", _roles, _remove_role),
)
"""Every kind, in the order of removal."""
