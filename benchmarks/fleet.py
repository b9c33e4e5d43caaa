"""A fleet of container instances that is drained at once, on an embedded AWS with ECS's real throttles.

Each instance runs one task of a service behind a target group, and an empty instance waits for each task, as when a
fleet is replaced. So, whatever the size, a task is STOPPED 128 s after its instance is set DRAINING: 45 s until its
replacement is healthy, 60 s of deregistration, 20 s to stop, 3 s to clean up.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from unittest.mock import patch

from app import app
from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state
from embedded_aws.clients import client
from embedded_aws.eventbridge import events_state
from embedded_aws.stepfunctions import executions_of
from stories.deployment import Deployment, deploy
from stories.world import ENROLLED, REGISTERED_WITHIN, STEADY_WITHIN, Service, World

GROUP_SIZE = 10
"""Instances a group: hundreds of drains at once are those of many groups, and each plan describes its group."""
LONGEST = timedelta(hours=2)
"""Long after every drain's deadline of an hour."""
STEP_SECONDS = 15
"""How often is asked whether all is over."""


@dataclass(frozen=True)
class Drained:
    """What came of draining a fleet, while its embedded AWS still runs."""

    aws: EmbeddedAws
    deployment: Deployment
    instances: tuple[str, ...]
    began_at: datetime


@contextmanager
def drained(size: int, poll: str = "", latency: float = 1.0) -> Iterator[Drained]:
    """Drain so many instances at once; `poll` is the setting, the default where it is empty.

    `latency`: seconds from an event of ECS to the queue.
    """
    with embedded_aws() as aws, quiet():
        deployment = deploy(app, {"ECS_DRAINER_POLL": poll})
        world = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            instances = _build(world, size)
        aws.requests.clear()
        lambda_state().invocations.clear()
        events_state().ecs.change(latency=latency)
        began_at = aws.clock.now()
        for instance in instances:
            world.terminate(instance)
        while aws.clock.now() < began_at + LONGEST and not _is_over(deployment, size):
            aws.clock.advance(STEP_SECONDS)
        yield Drained(aws, deployment, instances, began_at)


def _build(world: World, size: int) -> tuple[str, ...]:
    world.make_ground()
    groups = [f"fleet-{number}" for number in range(-(-size // GROUP_SIZE))]
    for number, group in enumerate(groups):
        world.add_group(group, min(GROUP_SIZE, size - number * GROUP_SIZE))
        world.put_hook(ENROLLED, group=group)
    world.wait(REGISTERED_WITHIN)
    world.create_service(Service(desired=size))
    world.wait(STEADY_WITHIN)
    world.add_group("spare", size)
    world.wait(REGISTERED_WITHIN)
    return tuple(instance for group in groups for instance in world.instances(group))


def _is_over(deployment: Deployment, size: int) -> bool:
    executions = executions_of(deployment.state_machine)
    return len(executions) >= size and all(execution.closed.is_set() for execution in executions)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what the functions log and measure off the terminal.

    Nor look whether source files changed, as Python does of each file in each traceback: there are thousands.
    """
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), patch("linecache.checkcache"), _seldom_collected():
            yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Look for garbage in cycles a hundred times less often: what hundreds of drains leave is mostly kept."""
    before = gc.get_threshold()
    gc.set_threshold(before[0] * 100, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
