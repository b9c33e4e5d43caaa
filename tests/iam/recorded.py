"""What every role of the app asked AWS for in the stories that use them most, and what its deployed policy says."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app import app
from embedded_aws.clients import client
from embedded_aws.requests import Call, RequestLog
from stories.story import read_story
from stories.telling import told
from stories.world import Service
from tests.fleet.account import a_fleet
from tests.iam.asked_of_iam import requests_of
from tests.iam.evaluator import Request, Statement, allows

SCENARIOS = Path(__file__).parents[1] / "scenarios"

STORIES = (
    "protected-task",
    "execution-stopped-by-a-person",
    "lifecycle-action-then-spot-interruption",
    "managed-draining-stuck",
    "managed-draining-watched-by-tag",
    "manual-drain-then-terminate",
    "policy-from-five-sources",
    "root-volume-replacement",
    "services-and-a-daemon",
    "warm-pool-return",
    "warm-pool-return-unnoticed",
    "stateful/a-drain-dies-with-its-slot",
    "stateful/a-queue-is-worked-off",
    "stateful/a-task-asks-for-more-time",
    "stateful/a-task-signs-off",
    "stateful/all-gates-together",
)
"""Between them they use every grant but those of `RARE`; a new grant wants a story that uses it."""


DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "NotFound"}
"""How a story is refused what the policies deny; NotFound is said of a topic that isn't there."""


@dataclass
class Recorded:
    """By role, as the short name of its function or of its resource in the template."""

    policies: dict[str, list[Statement]] = field(default_factory=dict)
    requests: dict[str, set[Request]] = field(default_factory=lambda: defaultdict(set))

    def take(self, log: RequestLog, where: Callable[[Call], bool] = lambda _: True) -> None:
        """Keep what the roles of the running embedded AWS asked for, and the policies that are deployed in it."""
        for role in _roles():
            self.policies[short(role)] = _statements(role)
            for call in log.matching(role=role, where=where):
                self.requests[short(role)].update(requests_of(call))


def not_allowed(log: RequestLog) -> list[tuple[str, str, str]]:
    """Return role, action and resource of what the deployed policies of the running embedded AWS would have denied.

    But for what the embedded AWS denied as well, as a story wanted.
    """
    found = Recorded()
    found.take(log, where=lambda call: call.error not in DENIED)
    return [
        (role, request.action, request.resource)
        for role, requests in found.requests.items()
        for request in sorted(requests, key=lambda each: (each.action, each.resource))
        if not allows(found.policies[role], request)
    ]


def record() -> Recorded:
    """Tell the stories and keep what their roles did."""
    found = Recorded()
    for story in STORIES:
        with told(read_story(SCENARIOS / f"{story}.toml"), app) as came:
            found.take(came.aws.requests)
    _drain_a_fleet(found.take)
    _ask_with_one_key_twice(found.take)
    return found


def _drain_a_fleet(take: Callable[[RequestLog], None]) -> None:
    with a_fleet(Service(desired=2, has_target_group=False), doomed=2, staying=1) as fleet:
        fleet.drain(max_concurrent=1)
        take(fleet.aws.requests)


def _ask_with_one_key_twice(take: Callable[[RequestLog], None]) -> None:
    with a_fleet(Service(desired=1, has_target_group=False), doomed=1, staying=1) as fleet:
        request = {"instance_id": fleet.doomed[0], "idempotency_key": "maintenance-7"}
        for _ in range(2):
            client("lambda").invoke(
                FunctionName=fleet.deployment.functions["start_manual_drain"], Payload=json.dumps(request)
            )
            fleet.aws.clock.advance(600)
        take(fleet.aws.requests)


def short(role: str) -> str:
    """Return `look` of `ecs-drainer-dev-look`, and `DrainStateMachineRole` of the name CloudFormation made up."""
    bare = role.removeprefix("ecs-drainer-dev-")
    return bare.split("-")[0]


def _roles() -> Iterator[str]:
    for page in client("iam").get_paginator("list_roles").paginate():
        yield from (role["RoleName"] for role in page["Roles"] if role["RoleName"].startswith("ecs-drainer-"))


def _statements(role: str) -> list[Any]:
    iam = client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = (iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names)
    return [statement for document in documents for statement in document["Statement"]]
