"""Reads what `ecs-drainer doctor` judges: the stage as it is deployed, and every group with container instances.

What the caller may not read is noted, not fatal: a checkup with a gap is worth more than none.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from chalicelib.common.errors import AccessDenied, AwsRefused
from chalicelib.common.model import AutoScalingGroup, ContainerInstance
from chalicelib.explain.reading import drained_by
from chalicelib.gateways import autoscaling, ecs
from chalicelib.gateways.aws import all_pages, client, in_batches, translated
from chalicelib.gateways.gates import stateful_by_instance
from chalicelib.policy.settings import Settings
from cli import executions
from cli.checkup_events import read_way
from cli.checkup_found import FUNCTIONS, TRIGGERED, Capacity, Deployed, EventsWay, Group, Telling
from cli.checkup_providers import read_capacity
from cli.checkup_telling import has_bus, read_listeners
from cli.fleets.reading import fleet_machine
from cli.installation import Installation
from cli.instances import refuse_unknown_groups, short
from cli.inventory import describe_clusters

P = ParamSpec("P")
Read = TypeVar("Read")

GROUPS_ASKED_AT_ONCE = 50
"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html"""
FUNCTION = re.compile(r":function:([A-Za-z0-9_-]+)")


class Reading:
    """One checkup's reads, and what was refused to it."""

    def __init__(self, installation: Installation, settings: Settings) -> None:
        self.installation = installation
        self.settings = settings
        self.refusals: list[str] = []

    def _try(self, otherwise: Read, read: Callable[P, Read], *args: P.args, **named: P.kwargs) -> Read:
        try:
            return read(*args, **named)
        except (AccessDenied, AwsRefused) as refusal:
            self.refusals.append(str(refusal))
            return otherwise

    def deployed(self) -> Deployed:
        """Return what was found of the stage."""
        at = self.installation
        unread: str | None = ""
        definition = self._try(unread, executions.definition, at.state_machine)
        if definition is None:
            return Deployed(stage=at.stage, has_state_machine=False)
        wanted = {at.function(name) for name in FUNCTIONS} | set(FUNCTION.findall(definition))
        none: int | None = 0
        return Deployed(
            stage=at.stage,
            has_fleet_machine=self._try(unread, executions.definition, fleet_machine(at)) is not None,
            missing_functions=self._try((), missing_functions, wanted),
            rules={name: self._try("ENABLED", rule_of, at, name) for name in TRIGGERED},
            has_ledger=self._try(True, has_table, at.ledger),
            dead_letters=self._try(none, dead_letters, at.dead_letters),
            events=self._try(EventsWay(), read_way, at),
            telling=Telling(
                listeners=self._try(Telling().listeners, read_listeners, at),
                lacks_bus=self._lacks_bus(),
            ),
            settings=self.settings,
            unknown_clusters=self._try((), self._unknown_clusters),
            unread=tuple(self.refusals),
        )

    def _lacks_bus(self) -> str | None:
        bus = self.settings.event_bus
        return None if bus is None or self._try(True, has_bus, bus) else bus

    def _unknown_clusters(self) -> tuple[str, ...]:
        names = self.settings.clusters
        known = {short(arn) for arn in describe_clusters(names)} if names else set()
        return tuple(name for name in names if short(name) not in known)

    def groups(self, clusters: Sequence[str], names: Sequence[str]) -> list[Group]:
        """Return the named groups, or else every group with container instances in these clusters.

        Raises Halt for a name that is no group's.
        """
        described = {group.name: group for group in autoscaling.all_groups()}
        refuse_unknown_groups(names, described)
        found = instances_of(clusters)
        members = groups_of(one.ec2_instance_id for one in found)
        stateful = self._stateful(clusters)
        by_provider = managing_providers(found)
        return [
            self._group(
                described[name],
                [one for one in found if members.get(one.ec2_instance_id) == name],
                by_provider,
                stateful,
            )
            for name in (names or sorted(set(members.values())))
        ]

    def _group(
        self,
        group: AutoScalingGroup,
        instances: Sequence[ContainerInstance],
        by_provider: Mapping[str, str | None],
        stateful: Mapping[str, Sequence[str]],
    ) -> Group:
        named = sorted({one.capacity_provider for one in instances} - {""})
        services = {name for one in instances for name in stateful.get(one.arn, ())}
        return Group(
            group=group,
            hooks=tuple(autoscaling.terminate_hooks(group.name)),
            managed_draining_by=next(
                filter(None, (by_provider[one.capacity_provider] for one in instances)), None
            ),
            capacity=self._try(Capacity(), read_capacity, group.name, named),
            user_data=self._try("", user_data_of, group.name),
            stateful=tuple(sorted(services)),
            settings=self.settings,
        )

    def _stateful(self, clusters: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the services with tags of stateful ones by the container instance that has tasks of them."""
        none: dict[str, tuple[str, ...]] = {}
        return {
            arn: services
            for cluster in clusters
            for arn, services in self._try(none, stateful_by_instance, cluster).items()
        }


def missing_functions(names: Iterable[str]) -> tuple[str, ...]:
    """Return which of these Lambda functions don't exist."""
    return tuple(name for name in sorted(names) if not _has_function(name))


def _has_function(name: str) -> bool:
    aws = client("lambda")
    with translated():
        try:
            aws.get_function_configuration(FunctionName=name)
        except aws.exceptions.ResourceNotFoundException:
            return False
    return True


def rule_of(at: Installation, function: str) -> str:
    """Return the state of the event rule that calls a function: `ENABLED`, `DISABLED` or `missing`."""
    arn = f"arn:{at.partition}:lambda:{at.region}:{at.account}:function:{at.function(function)}"
    events = client("events")
    with translated():
        names = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
        states = [str(events.describe_rule(Name=name)["State"]) for name in names]
    return "ENABLED" if "ENABLED" in states else next(iter(states), "missing")


def has_table(name: str) -> bool:
    """Whether a DynamoDB table exists."""
    aws = client("dynamodb")
    with translated():
        try:
            aws.describe_table(TableName=name)
        except aws.exceptions.ResourceNotFoundException:
            return False
    return True


def dead_letters(queue: str) -> int | None:
    """Return about how many messages an SQS queue holds, or None where there is no such queue."""
    aws = client("sqs")
    with translated():
        try:
            url = aws.get_queue_url(QueueName=queue)["QueueUrl"]
        except aws.exceptions.QueueDoesNotExist:
            return None
        answer = aws.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def instances_of(clusters: Iterable[str]) -> list[ContainerInstance]:
    """Return the container instances of these clusters that are EC2 instances.

    Of an external instance the id is `mi-…`: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-anywhere.html
    """
    return [
        one
        for cluster in clusters
        for one in ecs.all_container_instances(cluster)
        if one.ec2_instance_id.startswith("i-")
    ]


def managing_providers(instances: Iterable[ContainerInstance]) -> dict[str, str | None]:
    """Return each capacity provider of these instances, by name, if its managed draining is on, else None for it."""
    found: dict[str, str | None] = {"": None}
    for one in instances:
        if one.capacity_provider not in found:
            found[one.capacity_provider] = drained_by(one, ecs.capacity_providers([one.capacity_provider]))
    return found


def groups_of(instance_ids: Iterable[str]) -> dict[str, str]:
    """Return the Auto Scaling group of each instance that is in one."""
    found: dict[str, str] = {}
    for batch in in_batches(sorted(instance_ids), GROUPS_ASKED_AT_ONCE):
        answers = all_pages(
            client("autoscaling").describe_auto_scaling_instances,
            "AutoScalingInstances",
            "NextToken",
            InstanceIds=list(batch),
        )
        found |= {one["InstanceId"]: one["AutoScalingGroupName"] for one in answers}
    return found


def user_data_of(group: str) -> str:
    """Return the user data of a group's launch template, decoded; empty where it has none."""
    with translated():
        answer = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[group])
        (described,) = answer["AutoScalingGroups"]
        template = described.get("LaunchTemplate") or _mixed(described)
        if not template:
            return ""
        versions = client("ec2").describe_launch_template_versions(
            LaunchTemplateId=template["LaunchTemplateId"], Versions=[template.get("Version", "$Default")]
        )["LaunchTemplateVersions"]
    return decoded(versions[0]["LaunchTemplateData"].get("UserData", "") if versions else "")


def _mixed(group: dict[str, Any]) -> dict[str, Any]:
    policy = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    found: dict[str, Any] = policy.get("LaunchTemplateSpecification", {})
    return found


def decoded(user_data: str) -> str:
    """Return user data as text; what isn't base64 of text is no shell script, and empty here."""
    try:
        return base64.b64decode(user_data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
