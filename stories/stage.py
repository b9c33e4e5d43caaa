"""Where a story plays, and what came of it: read from what the embedded AWS recorded by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from chalice.app import Chalice

from embedded_aws.aws import EPOCH, EmbeddedAws
from embedded_aws.clients import client
from embedded_aws.ecs import behaviour, managed_draining
from embedded_aws.ecs.agent import killed_tasks
from embedded_aws.eventbridge import events_state
from embedded_aws.requests import Call
from stories import timeline
from stories.deployment import Deployment, deploy
from stories.samples import TURN_SECONDS, Consumer, Dedupe, Sample, Store
from stories.story import Provider, Staging, Story
from stories.timeline import Entry, Rank
from stories.world import CLUSTER, GROUP, REGISTERED_WITHIN, STEADY_WITHIN, Hook, World

SIBLING = "ship-logs"
TOLD_OTHERWISE = ("task of", "an execution", "the execution", "the container instance", "dynamodb:", "sqs:")
"""Lines of one instance's timeline that don't say whose they are, or are too many for a whole group."""

Kind = TypeVar("Kind", bound=Sample)


@dataclass
class Stage:
    """Where a story plays, and what came of it."""

    aws: EmbeddedAws
    deployment: Deployment
    world: World
    instances: list[str]
    """The EC2 instances at the beginning, oldest first."""
    samples: list[Sample] = field(default_factory=list)
    tells_of_all: bool = False
    """Whether its timeline is that of the whole group and its samples, not of one instance."""
    began_at: datetime = EPOCH

    @property
    def doomed(self) -> str:
        """The EC2 instance that the story is about, where it is about one."""
        return self.instances[0]

    def sample(self, kind: type[Kind]) -> Kind:
        """Return the sample of this kind."""
        return next(each for each in self.samples if isinstance(each, kind))

    @property
    def executions(self) -> list[dict[str, Any]]:
        """DescribeExecution's answer for each drain, oldest first."""
        return timeline.executions(self.deployment.state_machine)

    @property
    def outcomes(self) -> list[str]:
        """How the drains ended, in the order in which they started."""
        return [timeline.outcome(execution) for execution in self.executions]

    @property
    def drain_calls(self) -> list[Call]:
        """Every request that the functions and the state machine made."""
        return [call for call in self.aws.requests.calls if timeline.is_of_the_drainer(call)]

    def answered(self, operation: str) -> list[Call]:
        """Return the drains' calls of an operation that were answered without an error."""
        return [call for call in self.drain_calls if call.operation == operation and call.error is None]

    @property
    def notices(self) -> list[tuple[str, str]]:
        """Subject and text of everything that was published, as a subscriber by e-mail reads it."""
        published = [
            (call.parameters, json.loads(call.parameters["Message"])) for call in self.answered("Publish")
        ]
        return [(given["Subject"], str(message.get("default", message))) for given, message in published]

    @property
    def container_instances(self) -> tuple[str, ...]:
        """The statuses of the container instances that the doomed EC2 instance is by now."""
        ecs, query = client("ecs"), f"ec2InstanceId == {self.doomed}"
        arns = ecs.list_container_instances(cluster=CLUSTER, filter=query)["containerInstanceArns"]
        if not arns:
            return ()
        found = ecs.describe_container_instances(cluster=CLUSTER, containerInstances=arns)
        return tuple(sorted(instance["status"] for instance in found["containerInstances"]))

    def ledger(self, prefix: str) -> list[dict[str, Any]]:
        """Return the ledger's items whose key begins so."""
        items = client("dynamodb").scan(TableName=self.deployment.outputs["LedgerTable"])["Items"]
        return [item for item in items if item["pk"]["S"].startswith(prefix)]

    @property
    def records(self) -> tuple[str, ...]:
        """The statuses of the drains' records in the ledger, oldest first."""
        found = sorted(self.ledger("drain#"), key=lambda item: item["started_at"]["S"])
        return tuple(item["status"]["S"] for item in found)

    @property
    def left_open(self) -> list[str]:
        """Waiting rows, instances that an execution still holds, holders of a slot: none, once all have ended."""
        held = [item for item in self.ledger("instance#") if "execution" in item]
        holders = [holder for lease in self.ledger("lease#") for holder in lease["holders"]["M"]]
        return [*(item["pk"]["S"] for item in (*self.ledger("waiting#"), *held)), *holders]

    @property
    def last_stopped_at(self) -> datetime | None:
        """When the last task on the doomed instance was STOPPED."""
        emitted = events_state().emitted
        changes = timeline.task_changes(emitted, timeline.container_instances(emitted, [self.doomed]))
        stopped = [change["at"] for change in changes if change["lastStatus"] == "STOPPED"]
        return max((at for at in stopped if at >= self.began_at), default=None)

    @property
    def tasks_killed(self) -> int:
        """How many tasks were not STOPPED when their instance went."""
        return len(killed_tasks())

    @property
    def timeline(self) -> str:
        """The approved form: what happened from the beginning of the story."""
        found = self._of_all() if self.tells_of_all else self._entries([self.doomed])
        told = [entry for entry in timeline.in_order(found) if entry.at >= self.began_at]
        return timeline.render(told, self.began_at)

    def _entries(self, instances: list[str]) -> list[Entry]:
        calls = self.aws.requests.calls
        return timeline.entries(events_state().emitted, calls, self.executions, instances)

    def _of_all(self) -> Iterator[Entry]:
        """Yield what happened to drains, instances and samples."""
        found = client("ec2").describe_instances()["Reservations"]
        known = [instance["InstanceId"] for each in found for instance in each["Instances"]]
        for entry in self._entries(known):
            if not entry.text.startswith(TOLD_OTHERWISE):
                yield entry
        yield from (Entry(at, text) for sample in self.samples for at, text in sample.told)
        emitted = events_state().emitted
        names = {arn: each for each in known for arn in timeline.container_instances(emitted, [each])}
        for call in self.aws.requests.calls:
            if call.operation == "UpdateContainerInstancesState" and call.error is None:
                given = {key.lower(): value for key, value in call.parameters.items()}
                for arn in given["containerinstances"]:
                    yield Entry(call.at, f"{names.get(arn, arn)} is set {given['status']}")
        yield from _endings(self.executions)


def _endings(executions: list[dict[str, Any]]) -> Iterator[Entry]:
    for execution in executions:
        instance = execution["name"].rpartition("-manual-")[0] or "-".join(execution["name"].split("-")[:2])
        if "stopDate" in execution:
            said = f"the drain of {instance} ends: {timeline.outcome(execution)}"
            yield Entry(execution["stopDate"], said, Rank.EXECUTION_ENDS)


def set_up(aws: EmbeddedAws, story: Story, app: Chalice) -> Stage:
    """Deploy the app, build the story's world and let its samples run."""
    deployment = deploy(app, story.environment)
    world, now = World(client, aws.clock.advance), aws.clock.now
    with aws.requests.unthrottled():
        # Before its service, whose tag names the queue.
        samples: list[Sample] = [Consumer(client, now)] if "consumer" in story.samples else []
        plain = tuple(service for service in story.services if not service.providers)
        instances = world.build(
            plain, story.hook, instances=story.instances, tags=story.tags, tasks=story.tasks
        )
        _set_up_beside(world, story.world, story.instances)
        for service in story.services:
            if service.providers:
                world.create_service(service)
                world.wait(STEADY_WITHIN)
        world.wait(10)
    if "store" in story.samples:
        samples.append(Store(client, now))
    if "dedupe" in story.samples:
        topic, function = deployment.outputs["NotificationTopicArn"], deployment.functions["sign_off"]
        samples.append(Dedupe(client, now, topic=topic, function=function, **story.dedupe))
    for sample in samples:
        play(aws, sample)
    aws.requests.clear()
    return Stage(aws, deployment, world, instances, samples, bool(story.samples), now())


def play(aws: EmbeddedAws, sample: Sample) -> None:
    """Let a sample take its turns."""
    with aws.requests.unthrottled():
        sample.turn()
    aws.clock.call_later(TURN_SECONDS, partial(play, aws, sample), f"turn of {sample.service}")


def _set_up_beside(world: World, staging: Staging, instances: int) -> None:
    """Set up what a world has beyond the usual."""
    for cluster in staging.clusters:
        client("ecs").create_cluster(clusterName=cluster)
    if staging.warm_pool:
        _add_warm_pool(instances + staging.pooled)
    if staging.retains_abandoned:
        client("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=GROUP,
            InstanceLifecyclePolicy={"RetentionTriggers": {"TerminateHookAbandon": "retain"}},
        )
    if staging.managed_draining:
        behaviour().managed_draining_begins_seconds = staging.managed_draining_begins
        managed_draining.enable(CLUSTER, GROUP, "web-capacity")
    if staging.providers:
        _add_providers(world, [Provider(**each) for each in staging.providers])
    if staging.sibling_hook:
        world.put_hook(Hook(heartbeat_timeout=3600), SIBLING)


def _add_providers(world: World, providers: list[Provider]) -> None:
    """Make capacity providers, the groups that are theirs alone, and associate them with the cluster."""
    for provider in providers:
        if provider.group != GROUP:
            world.add_group(provider.group, provider.instances, zone=provider.zone)
        _add_provider(provider)
    client("ecs").put_cluster_capacity_providers(
        cluster=CLUSTER,
        capacityProviders=[*(provider.name for provider in providers), "FARGATE"],
        defaultCapacityProviderStrategy=[],
    )
    world.wait(REGISTERED_WITHIN)


def _add_provider(provider: Provider) -> None:
    autoscaling = client("autoscaling")
    if provider.maximum:
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=provider.group, MaxSize=provider.maximum)
    described = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[provider.group])
    scaling = {"status": "ENABLED", "targetCapacity": provider.target_capacity}
    client("ecs").create_capacity_provider(
        name=provider.name,
        autoScalingGroupProvider={
            "autoScalingGroupArn": described["AutoScalingGroups"][0]["AutoScalingGroupARN"],
            "managedScaling": scaling if provider.target_capacity else {"status": "DISABLED"},
        },
    )


def _add_warm_pool(prepared: int) -> None:
    client("autoscaling").put_warm_pool(
        AutoScalingGroupName=GROUP,
        MinSize=0,
        MaxGroupPreparedCapacity=prepared,
        PoolState="Stopped",
        InstanceReusePolicy={"ReuseOnScaleIn": True},
    )
