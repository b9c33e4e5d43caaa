"""A world with a fleet in it: the deployed app, a cluster of many instances, and what came of draining some."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app import app as chalice_app
from chalicelib.gateways import aws as gateway
from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from embedded_aws.eventbridge import events_state
from embedded_aws.stepfunctions import find_execution
from stories.deployment import Deployment, deploy
from stories.world import CLUSTER, Service, World


@dataclass
class Fleet:
    """The doomed instances and their world."""

    aws: EmbeddedAws
    world: World
    deployment: Deployment
    doomed: list[str]
    arns: dict[str, str]
    """The container instance of each doomed EC2 instance."""
    began_at: datetime

    def drain(self, **request: Any) -> dict[str, Any]:
        """Drain the fleet to its end; returns DescribeExecution's answer."""
        sfn = client("stepfunctions")
        arn = sfn.start_execution(
            stateMachineArn=self.deployment.outputs["FleetStateMachineArn"],
            name="fleet-1",
            input=json.dumps({"instances": self.doomed, **request}),
        )["executionArn"]
        execution = find_execution(arn)
        self.aws.clock.run_until(execution.closed.is_set, timedelta(hours=6))
        answer: dict[str, Any] = sfn.describe_execution(executionArn=arn)
        return answer

    def drains(self) -> list[dict[str, Any]]:
        """Return every drain's execution, oldest first."""
        sfn = client("stepfunctions")
        pages = sfn.get_paginator("list_executions").paginate(stateMachineArn=self.deployment.state_machine)
        found = [one for page in pages for one in page["executions"]]
        return sorted(found, key=lambda one: (one["startDate"], one["name"]))

    def started_tasks(self) -> list[dict[str, Any]]:
        """Return the details of the first event of each service task that was placed since the fleet began."""
        first: dict[str, dict[str, Any]] = {}
        for event in events_state().emitted:
            if event["detail-type"] != "ECS Task State Change":
                continue
            created_at = datetime.fromisoformat(event["detail"]["createdAt"])
            if created_at >= self.began_at and event["detail"]["group"].startswith("service:"):
                first.setdefault(event["detail"]["taskArn"], event["detail"])
        return list(first.values())

    def hops(self) -> int:
        """Count the replacements that were placed on an instance that is doomed itself."""
        return sum(task["containerInstanceArn"] in self.arns.values() for task in self.started_tasks())

    def service_tasks(self) -> int:
        """Count the tasks of services on the doomed instances now."""
        ecs = client("ecs")
        arns = [
            arn
            for page in ecs.get_paginator("list_tasks").paginate(cluster=CLUSTER)
            for arn in page["taskArns"]
        ]
        found: list[dict[str, Any]] = []
        for start in range(0, len(arns), 100):
            found += ecs.describe_tasks(cluster=CLUSTER, tasks=arns[start : start + 100])["tasks"]
        return sum(
            one["containerInstanceArn"] in self.arns.values() and one["group"].startswith("service:")
            for one in found
        )

    def statuses(self) -> list[str]:
        """Return the status of each doomed container instance, in their order."""
        ecs, arns = client("ecs"), list(self.arns.values())
        answer = ecs.describe_container_instances(cluster=CLUSTER, containerInstances=arns)
        found = {one["containerInstanceArn"]: one["status"] for one in answer["containerInstances"]}
        return [found[arn] for arn in arns]


def most_at_once(executions: list[dict[str, Any]]) -> int:
    """Return how many executions were open at once at most; one that ends when another starts counts as before."""
    edges = sorted(edge for one in executions for edge in ((one["startDate"], 1), (one["stopDate"], -1)))
    open_now, most = 0, 0
    for _, change in edges:
        open_now += change
        most = max(most, open_now)
    return most


def told(fleet: Fleet) -> str:
    """Return the fleet's own notice: the last that was published."""
    published = [call for call in fleet.aws.requests.calls if call.operation == "Publish"]
    given = {key.lower(): value for key, value in published[-1].parameters.items()}
    assert given["subject"].startswith(("ecs-drainer: fleet fleet-1: ", "ecs-drainer: a fleet failed"))
    return str(json.loads(given["message"])["default"])


@contextmanager
def a_fleet(*services: Service, doomed: int, staying: int) -> Iterator[Fleet]:
    """Give a cluster of doomed and staying instances with these services, the app deployed."""
    with embedded_aws() as aws:
        gateway.client.cache_clear()
        deployment = deploy(chalice_app)
        world = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            world.build(services, None, instances=doomed + staying)
            ids = world.instances()[:doomed]
            arns = {one: world.container_instance(one) for one in ids}
        yield Fleet(aws, world, deployment, ids, arns, aws.clock.now())
    gateway.client.cache_clear()
