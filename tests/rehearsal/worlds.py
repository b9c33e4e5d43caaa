"""A world that is grown in the embedded AWS, its snapshot, and what then happens live in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from app import app
from chalicelib.gateways import aws as gateway
from embedded_aws.aws import EmbeddedAws, embedded_aws
from embedded_aws.clients import client
from rehearsal.reading import Reader, read_snapshot
from rehearsal.result import Rehearsal
from rehearsal.running import Wanted, play
from rehearsal.scenarios import Scenario
from rehearsal.snapshot import Snapshot, read
from stories.deployment import Deployment, deploy
from stories.world import CLUSTER, Hook, Service, World

STUCK = Service(name="legacy", desired=1, maximum_percent=100, has_target_group=False)
"""Its percents leave no room to move a task."""


@dataclass
class Grown:
    aws: EmbeddedAws
    deployment: Deployment
    world: World
    instances: list[str]
    settings: dict[str, str]

    def snapshot(self) -> Snapshot:
        """Read the world as it is now, by way of the file."""
        with self.aws.requests.unthrottled():
            taken = read_snapshot(
                CLUSTER,
                None,
                Reader(lambda _: None),
                taken_at=self.aws.clock.now(),
                settings=self.settings,
            )
        return read(taken.written())

    def live(self, snapshot: Snapshot, scenario: Scenario) -> Rehearsal:
        """Let the scenario happen here; the snapshot says no more than which group and instances there are."""
        self.aws.requests.clear()
        began = time.process_time(), time.monotonic_ns()
        return play(self.aws, self.deployment, Wanted(snapshot, scenario), lambda *_: None, began)


@contextmanager
def grown(
    *services: Service,
    instances: int = 3,
    hook: Hook | None = Hook(),  # noqa: B008  # frozen
    settings: dict[str, str] | None = None,
) -> Iterator[Grown]:
    """Grow a world of services, each created a second after the one before, so that their order can be told."""
    given = settings or {}
    gateway.client.cache_clear()
    with embedded_aws() as aws:
        deployment = deploy(app, given)
        world = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            world.build((), hook, instances=instances)
            for service in services:
                world.create_service(service)
                world.wait(1)
            world.wait(120)
        yield Grown(aws, deployment, world, world.instances(), given)
    gateway.client.cache_clear()


def changed(snapshot: Snapshot, **changes: Any) -> Snapshot:
    """Return a snapshot with other values at the top of its document."""
    return replace(snapshot, document={**snapshot.document, **changes})
