"""Tells a story: deploys the app, builds the world, lets things happen on the virtual clock, and reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chalice.app import Chalice

from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.ecs.agent import killed_tasks
from embedded_aws.eventbridge import events_state
from embedded_aws.requests import Call
from stories import timeline
from stories.deployment import Deployment, deploy
from stories.happenings import HAPPENINGS
from stories.staging import Stage
from stories.story import Story, WrongStory
from stories.world import CLUSTER, STEADY_WITHIN, World


@dataclass(frozen=True)
class Told:
    """What came of a story."""

    aws: EmbeddedAws
    deployment: Deployment
    instance_id: str
    began_at: datetime

    @property
    def timeline(self) -> str:
        """The approved form: what happened to the doomed instance, from the beginning of the story."""
        found = timeline.entries(self.aws, self.deployment.state_machine, [self.instance_id])
        return timeline.render([entry for entry in found if entry.at >= self.began_at], self.began_at)

    @property
    def outcomes(self) -> list[str]:
        """How the executions ended, in the order in which they started."""
        return [timeline.outcome(execution) for execution in self.executions]

    @property
    def executions(self) -> list[dict[str, Any]]:
        """DescribeExecution's answer for each execution."""
        return timeline.executions(self.deployment.state_machine)

    def answered(self, operation: str) -> list[Call]:
        """Return the drains' calls of an operation that were answered without an error."""
        return [call for call in self.drain_calls if call.operation == operation and call.error is None]

    @property
    def drain_calls(self) -> list[Call]:
        """Every request that the functions and the state machine made."""
        return [call for call in self.aws.requests.calls if timeline.is_of_the_drainer(call)]

    @property
    def notices(self) -> list[tuple[str, str]]:
        """Subject and text of everything that was published, as a subscriber by e-mail reads it."""
        published = [call.parameters for call in self.answered("Publish")]
        return [(given["Subject"], json.loads(given["Message"])["default"]) for given in published]

    @property
    def container_instances(self) -> tuple[str, ...]:
        """The statuses of the container instances that the EC2 instance is by now."""
        ecs, query = client("ecs"), f"ec2InstanceId == {self.instance_id}"
        arns = ecs.list_container_instances(cluster=CLUSTER, filter=query)["containerInstanceArns"]
        if not arns:
            return ()
        found = ecs.describe_container_instances(cluster=CLUSTER, containerInstances=arns)
        return tuple(sorted(instance["status"] for instance in found["containerInstances"]))

    def _ledger(self, prefix: str) -> list[dict[str, Any]]:
        """Return the ledger's items whose key begins so."""
        items = client("dynamodb").scan(TableName=self.deployment.outputs["LedgerTable"])["Items"]
        return [item for item in items if item["pk"]["S"].startswith(prefix)]

    @property
    def records(self) -> tuple[str, ...]:
        """The statuses of the drains' records in the ledger, oldest first."""
        found = sorted(self._ledger("drain#"), key=lambda item: item["started_at"]["S"])
        return tuple(item["status"]["S"] for item in found)

    @property
    def left_open(self) -> list[str]:
        """The keys of waiting rows, and of instances that an execution still holds: none, once all have ended."""
        held = [item for item in self._ledger("instance#") if "execution" in item]
        return [item["pk"]["S"] for item in (*self._ledger("waiting#"), *held)]

    @property
    def last_stopped_at(self) -> datetime | None:
        """When the last task on the instance was STOPPED."""
        arns = timeline.container_instances([self.instance_id])
        stopped = [
            change["at"] for change in timeline.task_changes(arns) if change["lastStatus"] == "STOPPED"
        ]
        return max((at for at in stopped if at >= self.began_at), default=None)

    @property
    def tasks_killed(self) -> int:
        """How many tasks were not STOPPED when the instance went."""
        return len([killed for killed in killed_tasks() if killed.instance_id == self.instance_id])


@contextmanager
def told(story: Story, app: Chalice) -> Iterator[Told]:
    """Tell a story and give what came of it, while its embedded AWS still runs."""
    with embedded_aws() as aws:
        deployment = deploy(app, story.environment)
        world = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            plain = tuple(service for service in story.services if not service.providers)
            world.build(plain, story.hook, instances=story.instances, tags=story.tags)
            doomed = world.instances()[0]
            story.world.set_up(world, story.instances)
            for service in story.services:
                if service.providers:
                    world.create_service(service)
                    world.wait(STEADY_WITHIN)
            for task in story.tasks:
                world.start_task(doomed, task)
            aws.clock.advance(10)
        aws.requests.clear()
        events_state().ecs = replace(
            story.events
        )  # its draws begin with the story, and are this telling's own
        began_at = aws.clock.now()
        stage = Stage(aws, world, deployment, doomed)
        _let_happen(story, stage)
        yield Told(aws, deployment, doomed, began_at)


def _let_happen(story: Story, stage: Stage) -> None:
    clock = stage.aws.clock
    for happening in story.happens:
        if happening.do not in HAPPENINGS:
            raise WrongStory(
                f"`{happening.do}` can't happen: expected one of {', '.join(sorted(HAPPENINGS))}"
            )
        action = partial(HAPPENINGS[happening.do], stage, **happening.given)
        clock.call_later(happening.at, action, happening.do)
    last = max(happening.at for happening in story.happens)
    begin = max(last + 60, story.at_least)
    clock.advance(begin)
    left = timedelta(seconds=max(0, story.lasts - begin))
    ends_at = clock.now() + left
    if not clock.run_until(partial(_is_over, stage), left):
        clock.advance((ends_at - clock.now()).total_seconds())
    clock.advance(60)


def _is_over(stage: Stage) -> bool:
    answer = client("stepfunctions").list_executions(stateMachineArn=stage.deployment.state_machine)
    executions = answer["executions"]
    return bool(executions) and all(execution["status"] != "RUNNING" for execution in executions)
