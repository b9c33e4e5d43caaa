"""The steps of the state machine that are functions: read the state, ask a gateway, decide in a pure function, answer.

None reads a clock: instants come from the machine's context object, so that a replay decides the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common import telemetry
from chalicelib.common.errors import DrainerError, Throttled
from chalicelib.common.model import instant, stamp
from chalicelib.common.telemetry import logger
from chalicelib.events import DrainRequest
from chalicelib.explain import Blocker, Circumstances, group, render_text, to_state
from chalicelib.explain import explain as explain_circumstances
from chalicelib.gates import GateMemory
from chalicelib.gateways.circumstances import read_circumstances
from chalicelib.gateways.ecs import describe_tasks
from chalicelib.gateways.find import find_group, find_instances
from chalicelib.gateways.ledger import ledger_of
from chalicelib.gateways.stop import stop_tasks as stop
from chalicelib.gateways.topics import publish
from chalicelib.gateways.turns import take_turn
from chalicelib.look.memory import Memory
from chalicelib.plan.drain import Drain
from chalicelib.plan.making import Execution, make_plan, preferred_cluster
from chalicelib.policy.settings import Settings
from chalicelib.steps import gating, looking
from chalicelib.steps import of_fleet as fleet_steps
from chalicelib.steps.gating_ahead import with_gates
from chalicelib.tell import declined, notice

Event = Mapping[str, Any]

MOST_DOUBLINGS = 10

FLEET_OCCASIONS = ("fleet-ended", "fleet-failed")

PATIENT_TRIES = 3
"""After so many retries of "Tell" the stage's topic is told instead of one that can't be reached."""


def plan_drain(event: Event, at: datetime) -> dict[str, Any]:
    """Find the request's instance and plan its drain; touches nothing of it, and counts its turn.

    `at`: this try's own instant, for its turn. The machine's instants are of the state's first try.
    Raises Throttled where as many drains have just begun as ECS has reads for: the machine comes again.
    """
    request = DrainRequest.from_state(event["request"])
    _wait_for_its_turn(event["execution"], at)
    settings = Settings.from_environment(os.environ)
    findings = find_group(request)
    preferred = preferred_cluster(request, findings, settings.policy)
    findings = find_instances(findings, request.instance_id, preferred, settings.clusters)
    execution = Execution(
        arn=event["execution"], started_at=instant(event["started_at"]), topic=event["topic"]
    )
    plan = with_gates(make_plan(request, findings, settings.policy, execution))
    for sentence in (*settings.notices, *plan.drain.notices):
        logger.warning(sentence, extra={"instance": request.instance_id})
    return plan.to_state()


def _wait_for_its_turn(execution: str, at: datetime) -> None:
    try:
        is_its_turn = take_turn(ledger_of(f"{execution.rpartition(':')[0]}-plan_drain"), at)
    except DrainerError as error:
        logger.warning(f"the drain begins without a turn, which the ledger did not give: {error}")
        return
    if not is_its_turn:
        raise Throttled(
            "as many drains have just begun as ECS's 20 reads a second allow: this one begins later"
        )


def look(event: Event) -> dict[str, Any]:
    """Look once, at the gates until they are passed and at the tasks from then on, and say what holds the drain."""
    if not event["gates"]["is_passed"]:
        return gating.look(event)
    return {**looking.look(event), **gating.behind(event)}


def explain(event: Event) -> dict[str, Any]:
    """Say for each task that holds the drain why, and what would free it."""
    drain, at = Drain.from_state(event["drain"]), instant(event["now"])
    blockers, unread = _blockers(event, drain, at)
    text = "\n".join(
        [*looking.preface(event["occasion"], event["look"]), render_text(group(blockers), unread)]
    )
    logger.warning(text, extra={"instance": drain.instance_id, "occasion": event["occasion"]})
    # What is told at once when it is news makes a drain that is stuck no older.
    times = 1 if event["occasion"] in ("gates-closed", *looking.NEWS) else event["explanation"]["times"] + 1
    return {
        # The same news is repeated ever more rarely: after 1, 2, 4, 8 ... times `stuck_after`.
        "until": stamp(at + drain.policy.stuck_after * (1 << min(times - 1, MOST_DOUBLINGS))),
        "warned": event["explanation"]["warned"] or event["occasion"] == "near-deadline",
        "times": times,
        "text": text[: notice.LONGEST_TEXT],
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


def stop_tasks(event: Event) -> dict[str, Any]:
    """Stop the standalone tasks that the policy won't wait for, or, at the deadline, every task that is left."""
    drain, facts = Drain.from_state(event["drain"]), event["look"]
    arns = facts["stop_now"] if event["which"] == "standalone" else facts["memory"]["tasks"]
    stopping = stop(drain, arns, instant(event["now"]))
    asked = list(dict.fromkeys([*event["asked"], *stopping.asked]))
    logger.warning("tasks are stopped", extra={"instance": drain.instance_id, "tasks": list(stopping.asked)})
    return {"asked": asked, "deadline": {"at": stamp(stopping.until), "action": "continue"}}


def tell(event: Event) -> dict[str, Any]:
    """Write what people and programs are told on an occasion, measure it, and publish it.

    Returns the subject, the topic that later notices go to, and as `untold` why the policy's own was not told; of a
    fleet the subject alone.
    """
    if event["occasion"] in FLEET_OCCASIONS:
        return fleet_steps.tell(event)
    state, at = _told_of(event), instant(event["now"])
    topic = state["drain"]["topic"] if "drain" in state else event["stage_topic"]
    if event["occasion"] == "already-draining":
        words = declined.compose(state, event["execution"], at)
    else:
        if not event["retries"]:  # a retry tells again what was measured before
            telemetry.measure(event["occasion"], state, at)
        words = notice.compose(event["occasion"], state, event["execution"], at)
    # A failure may have come before a policy named a topic.
    to = event["stage_topic"] if event["occasion"] == "failed" else topic
    told = publish(words, to, event["stage_topic"], is_last_try=event["retries"] >= PATIENT_TRIES)
    if told.untold:
        logger.error("the policy's topic was not told", extra={"topic": topic, "why": str(told.untold)})
    untold = state.get("untold") or (
        {"Error": type(told.untold).__name__, "Cause": str(told.untold)} if told.untold else None
    )
    return {"subject": words.subject, "topic": told.topic, "untold": untold}


def _told_of(event: Event) -> dict[str, Any]:
    """Return the machine's whole state; before the plan that is the request, and what failed."""
    if event["is_planned"]:
        return dict(event["state"])
    failed = {name: event["state"][name] for name in ("failure", "trouble", "untold")}
    return {**event["request"], **failed}


def compose_notice(event: Event) -> dict[str, Any]:
    """Write what is told of a drain or a fleet of the release before, which publishes it itself."""
    if event["occasion"] == "fleet-ended":
        return fleet_steps.compose_notice(event)
    state, at = event["state"], instant(event["now"])
    if event["occasion"] == "already-draining":
        return declined.compose(state, event["execution"], at).to_state()
    telemetry.measure(event["occasion"], state, at)
    return notice.compose(event["occasion"], state, event["execution"], at).to_state()
