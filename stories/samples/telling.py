"""Tells a story of stateful services, and writes what happened to every instance of the group."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chalice.app import Chalice

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.ecs.agent import killed_tasks
from stories import timeline
from stories.deployment import Deployment, deploy
from stories.samples.consumer import Consumer
from stories.samples.dedupe import Dedupe
from stories.samples.running import Sample
from stories.samples.store import Store
from stories.samples.story import PREFIX, StatefulStory
from stories.story import WrongStory
from stories.timeline import Entry, Rank
from stories.world import CLUSTER, GROUP, Service, World

TOLD_OTHERWISE = ("task of", "an execution", "the execution", "the container instance", "dynamodb:", "sqs:")
"""Lines of one instance's timeline that don't say whose they are, or are too many for a whole group."""


@dataclass
class Stage:
    """Where a story plays, and what came of it."""

    aws: EmbeddedAws
    world: World
    deployment: Deployment
    samples: dict[str, Sample] = field(default_factory=dict)
    instances: list[str] = field(default_factory=list)
    """The EC2 instances at the beginning, oldest first."""
    began_at: datetime = field(init=False)

    def sample(self, kind: type[Any]) -> Any:
        """Return the sample of this kind."""
        return next(each for each in self.samples.values() if isinstance(each, kind))

    @property
    def executions(self) -> list[dict[str, Any]]:
        """DescribeExecution's answer for each drain, oldest first."""
        return timeline.executions(self.deployment.state_machine)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """How the drains ended, in the order in which they started."""
        return tuple(timeline.outcome(execution) for execution in self.executions)

    @property
    def tasks_killed(self) -> int:
        """How many tasks were not STOPPED when their instance went."""
        return len(killed_tasks())

    @property
    def timeline(self) -> str:
        """The approved form: drains, instances and samples, from the beginning of the story."""
        found = timeline.in_order(self._entries())
        return timeline.render([entry for entry in found if entry.at >= self.began_at], self.began_at)

    def _entries(self) -> Iterator[Entry]:
        everything = timeline.entries(self.aws, self.deployment.state_machine, self.known_instances)
        for entry in everything:
            if not entry.text.startswith(TOLD_OTHERWISE):
                yield entry
        yield from (Entry(each.at, each.text) for sample in self.samples.values() for each in sample.told)
        yield from self.drainings()
        yield from _endings(self.executions)

    @property
    def known_instances(self) -> list[str]:
        """All EC2 instances that ever were in the group."""
        found = client("ec2").describe_instances()["Reservations"]
        return [instance["InstanceId"] for each in found for instance in each["Instances"]]

    def drainings(self) -> Iterator[Entry]:
        """Yield when which instance was set DRAINING or ACTIVE."""
        names = self.ec2_instances()
        for call in self.aws.requests.calls:
            if call.operation == "UpdateContainerInstancesState" and call.error is None:
                given = {key.lower(): value for key, value in call.parameters.items()}
                for arn in given["containerinstances"]:
                    yield Entry(call.at, f"{names.get(arn, arn)} is set {given['status']}")

    def ec2_instances(self) -> dict[str, str]:
        """Return the EC2 instance of every container instance, by ARN."""
        known = self.known_instances
        return {arn: each for each in known for arn in timeline.container_instances([each])}


def _endings(executions: list[dict[str, Any]]) -> Iterator[Entry]:
    for execution in executions:
        instance = execution["name"].rpartition("-manual-")[0] or "-".join(execution["name"].split("-")[:2])
        if "stopDate" in execution:
            yield Entry(
                execution["stopDate"],
                f"the drain of {instance} ends: {timeline.outcome(execution)}",
                Rank.EXECUTION_ENDS,
            )


@contextmanager
def told(story: StatefulStory, app: Chalice) -> Iterator[Stage]:
    """Tell a story and give what came of it, while its embedded AWS still runs."""
    with embedded_aws() as aws:
        stage = set_up(aws, story, app)
        for happening in story.happens:
            if happening.do not in HAPPENINGS:
                raise WrongStory(
                    f"`{happening.do}` can't happen: expected one of {', '.join(sorted(HAPPENINGS))}"
                )
            action = partial(HAPPENINGS[happening.do], stage, **happening.given)
            aws.clock.call_later(happening.at, action, happening.do)
        last = max(happening.at for happening in story.happens)
        aws.clock.advance(last + 60)
        aws.clock.run_until(partial(_is_over, stage), timedelta(seconds=max(0, story.lasts - last - 60)))
        aws.clock.advance(60)
        yield stage


def set_up(aws: EmbeddedAws, story: StatefulStory, app: Chalice) -> Stage:
    """Deploy the app, build the story's world and let its samples run."""
    deployment = deploy(app, {})
    world = World(client, aws.clock.advance)
    stage = Stage(aws, world, deployment)
    tags = {f"{PREFIX}{key}": value for key, value in story.tags.items()}
    with aws.requests.unthrottled():
        if "consumer" in story.samples:
            stage.samples["consumer"] = Consumer(aws)
        world.build(story.services, instances=story.instances, tags=tags)
        aws.clock.advance(10)
    stage.instances = world.instances()
    if "store" in story.samples:
        stage.samples["store"] = Store(aws)
    if "dedupe" in story.samples:
        function = deployment.functions["sign_off"]
        stage.samples["dedupe"] = Dedupe(
            aws, deployment.outputs["NotificationTopicArn"], function, **story.dedupe
        )
    for sample in stage.samples.values():
        sample.begin()
    aws.requests.clear()
    stage.began_at = aws.clock.now()
    return stage


def _is_over(stage: Stage) -> bool:
    found = client("stepfunctions").list_executions(stateMachineArn=stage.deployment.state_machine)[
        "executions"
    ]
    waiting = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
    held = [i for i in waiting["AutoScalingGroups"][0]["Instances"] if i["LifecycleState"] != "InService"]
    return bool(found) and not held and all(execution["status"] != "RUNNING" for execution in found)


def terminate(stage: Stage, instance: int = 1, replace: bool = False) -> None:
    """Auto Scaling begins to terminate the instance with this number, the oldest being 1."""
    stage.world.terminate(stage.instances[instance - 1], replace=replace)


def ask(stage: Stage, instance: int = 1, **request: Any) -> None:
    """A person asks for a drain."""
    client("lambda").invoke(
        FunctionName=stage.deployment.functions["start_manual_drain"],
        InvocationType="Event",
        Payload=json.dumps({"instance_id": stage.instances[instance - 1], **request}),
    )


def send(stage: Stage, messages: int) -> None:
    """Jobs come into the consumer's queue."""
    stage.sample(Consumer).send(messages)


def scale(_stage: Stage, service: str, desired: int) -> None:
    """A person changes a service's desired count."""
    client("ecs").update_service(cluster=CLUSTER, service=service, desiredCount=desired)


def stop_member(stage: Stage, instance: int) -> None:
    """A member of the store on another instance dies by itself."""
    arn = stage.world.container_instance(stage.instances[instance - 1])
    for task in client("ecs").list_tasks(cluster=CLUSTER, containerInstance=arn, serviceName="store")[
        "taskArns"
    ]:
        client("ecs").stop_task(cluster=CLUSTER, task=task, reason="it crashed")


def stop_execution(stage: Stage, number: int = 1) -> None:
    """A person stops a drain's execution in the console: it frees nothing."""
    arn = stage.executions[number - 1]["executionArn"]
    client("stepfunctions").stop_execution(executionArn=arn, error="Stopped", cause="by hand")


def start_task(stage: Stage, instance: int, seconds: int) -> None:
    """A standalone task that ends by itself after so many seconds is started on an instance."""
    task = Service(name="nightly", has_target_group=False, labels={"exits-after": str(seconds)})
    with stage.aws.requests.unthrottled():
        stage.world.start_task(stage.instances[instance - 1], task)


def lose_leases(stage: Stage) -> None:
    """The ledger loses its leases, as when a table is restored from yesterday's backup."""
    table = stage.deployment.outputs["LedgerTable"]
    for item in client("dynamodb").scan(TableName=table)["Items"]:
        if item["pk"]["S"].startswith("lease#"):
            client("dynamodb").delete_item(TableName=table, Key={"pk": item["pk"]})


def answer(stage: Stage, **given: Any) -> None:
    """A person answers for every task that was asked."""
    for task in sorted(_asked(stage)):
        client("lambda").invoke(
            FunctionName=stage.deployment.functions["sign_off"],
            InvocationType="Event",
            Payload=json.dumps({"task": task, **given}),
        )


def _asked(stage: Stage) -> set[str]:
    items = client("dynamodb").scan(TableName=stage.deployment.outputs["LedgerTable"])["Items"]
    return {i["pk"]["S"].partition("#")[2] for i in items if i["pk"]["S"].startswith("sign-off#")}


HAPPENINGS = {
    happening.__name__.replace("_", "-"): happening
    for happening in (
        terminate,
        ask,
        send,
        scale,
        stop_member,
        stop_execution,
        start_task,
        lose_leases,
        answer,
    )
}


def slots_held(stage: Stage) -> list[str]:
    """Return the instances that hold a slot of any lease."""
    items = client("dynamodb").scan(TableName=stage.deployment.outputs["LedgerTable"])["Items"]
    leases = [item for item in items if item["pk"]["S"].startswith("lease#")]
    return [holder for lease in leases for holder in lease["holders"]["M"]]
