"""How large the machine's state gets by the number of tasks: what "Tell" is given at its worst, in bytes."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.common.model import Task
from chalicelib.common.packing import pack
from chalicelib.common.timers import Timers
from chalicelib.explain import Blocker, to_state
from chalicelib.explain.blocker import BlockerKind
from chalicelib.fleet.plan import FleetPlan, Member, plan
from chalicelib.fleet.request import parse_fleet
from chalicelib.look.awaiting import awaited, wait_of_drain
from chalicelib.look.decide import decide, holding_of
from chalicelib.look.memory import MOST_REMEMBERED, STOPPED_IDS_KEPT, Memory
from chalicelib.look.observation import Observation, remember
from chalicelib.policy import DrainPolicy
from chalicelib.policy.table import BY_NAME
from chalicelib.tell.notice import LONGEST_TEXT
from chalicelib.wake.row import Waiting

LARGEST_STATE = 262_144
"""Bytes: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
AROUND = 12_000
"""Bytes for what does not grow with the tasks: drain, request, deadline, outcome, an error's cause, the slots."""


@dataclass(frozen=True)
class Crowd:
    """So many tasks on one container instance of a cluster."""

    number: int
    cluster: str
    stops: bool = False
    """Whether they are standalone tasks that the policy stops at once."""

    def arn(self, number: int) -> str:
        """Return the ARN of a task by number."""
        return f"arn:aws:ecs:ap-northeast-1:123456789012:task/{self.cluster}/{number:032x}"

    def look(self) -> dict[str, Any]:
        """Return what the first look answers."""
        group = "family:nightly-report" if self.stops else "service:"
        tasks = tuple(
            Task(
                self.arn(one),
                "DEPROVISIONING",
                "RUNNING",
                group if self.stops else f"{group}web-{one % 50:02}",
            )
            for one in range(self.number)
        )
        stopped = tuple(self.arn(self.number + one) for one in range(STOPPED_IDS_KEPT))
        policy = DrainPolicy.default()
        if self.stops:
            policy = replace(policy, standalone_tasks=BY_NAME["standalone_tasks"].parse("stop"))
        before = Memory(AT, AT, stopped=stopped)
        seen = Observation(at=AT + timedelta(seconds=10), tasks=tasks, is_full=True)
        facts = decide(remember(before, seen), seen, policy, Timers(AT, AT + timedelta(hours=1)))
        followed = [each for each in holding_of(seen, facts.memory, policy) if each.arn in facts.memory.tasks]
        memory = replace(facts.memory, awaited=awaited(followed, facts.memory))
        row = Waiting(instance="arn", execution="arn", cluster=self.cluster)
        return {**facts.to_state(), **wait_of_drain(memory, row, AT), "memory": memory.to_state()}


def largest_state(crowd: Crowd) -> int:
    """Return the bytes of the largest state of such a drain: a look, its explanation, and whom it told to stop."""
    asked = [crowd.arn(one) for one in range(min(crowd.number, MOST_REMEMBERED))] if crowd.stops else []
    state = {
        "look": crowd.look(),
        "explanation": _longest_explanation(crowd),
        "stopped": {"asked": pack(asked)},
    }
    return AROUND + len(json.dumps(state, separators=(",", ":")).encode())


def _longest_explanation(crowd: Crowd) -> dict[str, Any]:
    kinds = [kind for kind in BlockerKind for _ in range(5)]
    long = "x" * 2_000
    blockers = [
        Blocker(kind, f"{number} {long}", long, long, (crowd.arn(number),))
        for number, kind in enumerate(kinds)
    ]
    return {"text": long * (LONGEST_TEXT // len(long)), "blockers": to_state(blockers, [long] * 9)}


def a_fleet(number: int, cluster: str) -> FleetPlan:
    """Return the plan of a fleet of so many instances of one cluster."""
    arn = "arn:aws:ecs:ap-northeast-1:123456789012"
    request = parse_fleet({"instances": [f"i-{one:017x}" for one in range(number)], "reason": "x" * 200})
    members = [
        Member(each, f"{arn}:cluster/{cluster}", f"{arn}:container-instance/{cluster}/{one:032x}")
        for one, each in enumerate(request.instances)
    ]
    topic = "arn:aws:sns:ap-northeast-1:123456789012:ecs-drainer-dev-notifications"
    return plan("fleet-20260302T100300Z", request, members, [], topic=topic, began_at=AT)
