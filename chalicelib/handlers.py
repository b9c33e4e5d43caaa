"""What each Lambda does: read its event, ask the gateways, hand what they found to a pure function, answer JSON.

A handler reads no clock: instants come from the state machine's context object, or from its caller.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib import notice, telemetry
from chalicelib.decide import decide
from chalicelib.drain import Drain
from chalicelib.events import (
    DrainRequest,
    Ignored,
    execution_input,
    execution_name,
    parse_event,
    parse_manual,
)
from chalicelib.explain import explain as explain_circumstances
from chalicelib.explain import group, render_text, to_state
from chalicelib.gateways import circumstances, stepfunctions
from chalicelib.gateways.find import find
from chalicelib.gateways.observe import observe
from chalicelib.gateways.stop import stop_tasks as stop
from chalicelib.memory import Memory
from chalicelib.model import instant, stamp
from chalicelib.observation import remember
from chalicelib.plan import Execution, make_plan
from chalicelib.policy import environment_source
from chalicelib.settings import Settings
from chalicelib.telemetry import logger
from chalicelib.timers import Timers

Event = Mapping[str, Any]


def start_drain(event: Event, function_arn: str) -> list[dict[str, Any]]:
    """Start a drain for each instance that an AWS event names.

    Raises InvalidEvent, so that Lambda keeps the event in the dead-letter queue.
    """
    outcomes = parse_event(event)
    return [_start(outcome, function_arn, None) for outcome in outcomes]


def start_manual_drain(request: Event, function_arn: str, at: datetime) -> dict[str, Any]:
    """Start a drain that a person asks for; raises InvalidRequest, and nothing is started."""
    return _start(parse_manual(request), function_arn, at)


def _start(outcome: DrainRequest | Ignored, function_arn: str, at: datetime | None) -> dict[str, Any]:
    if isinstance(outcome, Ignored):
        logger.info("no drain is started", extra={"instance": outcome.instance_id, "reason": outcome.reason})
        return {"instance_id": outcome.instance_id, "ignored": outcome.reason}
    machine = Settings.from_environment(os.environ).state_machine_arn or stepfunctions.state_machine_of(
        function_arn
    )
    started = stepfunctions.start(machine, execution_name(outcome, at), execution_input(outcome))
    words = "a drain is started" if started.is_new else "this drain was started before"
    logger.info(words, extra={"instance": outcome.instance_id, "execution": started.execution})
    return {
        "instance_id": outcome.instance_id,
        "execution": started.execution,
        "already_started": not started.is_new,
    }


def plan_drain(event: Event) -> dict[str, Any]:
    """Find the request's instance and plan its drain; touches nothing."""
    request = DrainRequest.from_state(event["request"])
    findings = find(request, Settings.from_environment(os.environ).clusters)
    execution = Execution(
        arn=event["execution"], started_at=instant(event["started_at"]), topic=event["topic"]
    )
    plan = make_plan(request, findings, environment_source(os.environ), execution)
    for sentence in plan.drain.notices:
        logger.warning(sentence, extra={"instance": request.instance_id})
    return plan.to_state()


def look(event: Event) -> dict[str, Any]:
    """Look once at the tasks and say what holds the drain."""
    drain, timers, at = Drain.from_state(event["drain"]), Timers.from_state(event), instant(event["now"])
    before = Memory.from_state(event["memory"]).with_asked(tuple(event["stopped"]))
    seen = observe(drain.containers, before, at)
    facts = decide(remember(before, seen), seen, drain.policy, timers)
    logger.info(
        facts.summary, extra={"instance": drain.instance_id, "look": facts.memory.looks, "kinds": facts.kinds}
    )
    return facts.to_state()


def explain(event: Event) -> dict[str, Any]:
    """Say for each task that holds the drain why, and what would free it."""
    drain, at = Drain.from_state(event["drain"]), instant(event["now"])
    memory = Memory.from_state(event["look"]["memory"])
    blockers = explain_circumstances(circumstances.describe(drain, memory, at), at)
    text = render_text(group(blockers))
    logger.warning(text, extra={"instance": drain.instance_id, "occasion": event["occasion"]})
    said = event["explanation"]
    times = said["times"] + 1
    return {
        "until": stamp(at + drain.policy.stuck_after * 2 ** min(times - 1, 10)),
        "warned": said["warned"] or event["occasion"] == "near-deadline",
        "times": times,
        "text": text,
        "blockers": to_state(blockers),
    }


def stop_tasks(event: Event) -> dict[str, Any]:
    """Stop the standalone tasks that the policy won't wait for, or, at the deadline, every task that is left."""
    drain, facts = Drain.from_state(event["drain"]), event["look"]
    arns = facts["stop_now"] if event["which"] == "standalone" else facts["memory"]["tasks"]
    stopping = stop(drain, arns, instant(event["now"]))
    asked = list(dict.fromkeys([*event["asked"], *stopping.asked]))
    logger.warning("tasks are stopped", extra={"instance": drain.instance_id, "tasks": list(stopping.asked)})
    return {"asked": asked, "deadline": {"at": stamp(stopping.until), "action": "continue"}}


def compose_notice(event: Event) -> dict[str, Any]:
    """Write what people and programs are told on an occasion, and measure it."""
    state, at = event["state"], instant(event["now"])
    telemetry.measure(event["occasion"], state, at)
    return notice.compose(event["occasion"], state, event["execution"], at).to_state()
