"""Says for "Explain" what holds a drain, and what would free it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.model import instant, stamp
from chalicelib.common.telemetry import logger
from chalicelib.common.wording import one_line
from chalicelib.explain import Blocker, Circumstances, group, render_text, to_state
from chalicelib.explain import explain as explain_circumstances
from chalicelib.gates import GateMemory
from chalicelib.gateways.circumstances import read_circumstances
from chalicelib.gateways.ecs import describe_tasks
from chalicelib.gateways.patience import patient
from chalicelib.look.decide import BLOCKED, EVENTS_LOST, NEWS
from chalicelib.look.memory import Memory
from chalicelib.plan.drain import Drain
from chalicelib.tell.bodies import LONGEST_TEXT

Event = Mapping[str, Any]

MOST_DOUBLINGS = 10


@patient()
def explain(event: Event) -> dict[str, Any]:
    """Say for each task that holds the drain why, and what would free it."""
    drain, at = Drain.from_state(event["drain"]), instant(event["now"])
    blockers, unread = _blockers(event, drain, at)
    text = "\n".join([*preface(event["occasion"], event["look"]), render_text(group(blockers), unread)])
    logger.warning(text, extra={"instance": drain.instance_id, "occasion": event["occasion"]})
    # What is told at once when it is news makes a drain that is stuck no older.
    times = 1 if event["occasion"] in ("gates-closed", *NEWS) else event["explanation"]["times"] + 1
    return {
        # The same news is repeated ever more rarely: after 1, 2, 4, 8 ... times `stuck_after`.
        "until": stamp(at + drain.policy.stuck_after * (1 << min(times - 1, MOST_DOUBLINGS))),
        "warned": event["explanation"]["warned"] or event["occasion"] == "near-deadline",
        "times": times,
        "text": text[:LONGEST_TEXT],
        "blockers": to_state(blockers, unread),
    }


def _blockers(event: Event, drain: Drain, at: datetime) -> tuple[list[Blocker], list[str]]:
    """Return what holds the drain, and what could not be read; closed gates were explained by the look itself."""
    facts = event["look"]
    if not facts["gates"]["is_passed"]:
        return list(GateMemory.from_state(facts["gates"]).blockers), []
    memory = Memory.from_state(facts["memory"])
    found = [_circumstances(drain, memory, cluster) for cluster in drain.containers]
    blockers = [blocker for each in found for blocker in explain_circumstances(each, at)]
    return blockers, [sentence for each in found for sentence in each.unread]


def _circumstances(drain: Drain, memory: Memory, cluster: str) -> Circumstances:
    return read_circumstances(
        cluster,
        drain.containers[cluster],
        describe_tasks(cluster, sorted(memory.tasks)).tasks,
        auto_scaling_group=drain.auto_scaling_group,
        drain_began_at=drain.started_at,
        agent_disconnected_since=memory.disconnected_at,
        dead_agent_after=drain.policy.dead_agent_after,
        managed_draining=drain.managed_draining,
    )


def preface(occasion: str, look: Mapping[str, Any]) -> list[str]:
    """Return what an explanation begins with, given `$look`: what ECS said, or that it said nothing."""
    if occasion == EVENTS_LOST and look.get("unheard"):
        return [
            "The state machine may not store what it waits for in its ledger, so that no event can tell it anything: "
            f"{look['unheard']}. From now on ECS is asked instead, every few seconds. Compare its role with "
            "statemachine/template.yaml."
        ]
    if occasion == EVENTS_LOST:
        return [
            "Tasks were STOPPED and no event said so: from now on ECS is asked instead, every few seconds. "
            "`ecs-drainer doctor` says what keeps its events from the queue."
        ]
    if occasion != BLOCKED:
        return []
    told = [json.loads(text) for text in look["memory"]["troubles"]]
    return [
        one_line(f"ECS says of service {each['service']}: {each['event']}: {each['reason']}")
        for each in told[-3:]
    ]
