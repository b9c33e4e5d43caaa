"""Plans a drain for "Plan the drain": what there is to empty, by when, and what is known of its gates."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.common.errors import DrainerError, Throttled
from chalicelib.common.model import instant
from chalicelib.common.telemetry import logger
from chalicelib.events import DrainRequest
from chalicelib.explain import Blocker
from chalicelib.gates import GateMemory, Rules, decide_gates
from chalicelib.gates.foreseeing import foreseen
from chalicelib.gateways.find import find_group, find_instances
from chalicelib.gateways.gates import Question, read_gates, read_here
from chalicelib.gateways.ledger import ledger_of
from chalicelib.gateways.patience import patient
from chalicelib.gateways.turns import take_turn
from chalicelib.plan.making import Execution, Plan, Verdict, make_plan, preferred_cluster
from chalicelib.policy import Gates
from chalicelib.policy.settings import Settings

Event = Mapping[str, Any]


@patient()
def plan_drain(event: Event, at: datetime) -> dict[str, Any]:
    """Find the request's instance and plan its drain; touches nothing of it, and counts its turn.

    `at`: this try's own instant, for its turn. The machine's instants are of the state's first try.
    Raises Throttled where as many drains have just begun as ECS has reads for: the machine comes again.
    """
    request = DrainRequest.from_state(event["request"])
    _wait_for_its_turn(event["execution"], at)
    settings = Settings.from_environment(os.environ).at(event["execution"])
    findings = find_group(request)
    preferred = preferred_cluster(request, findings, settings.policy, settings.reach)
    findings = find_instances(findings, request.instance_id, preferred, settings.clusters)
    execution = Execution(
        arn=event["execution"], started_at=instant(event["started_at"]), topic=event["topic"]
    )
    plan = with_gates(make_plan(request, findings, settings.policy, execution, settings.reach))
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


def with_gates(plan: Plan) -> Plan:
    """Return the plan with its gates: whether any is to be asked, and what is known of them already.

    Reads ECS only where the policy says that services are asked. Raises what every gateway does.
    """
    policy, drain = plan.drain.policy, plan.drain
    if plan.verdict is not Verdict.DRAIN or (
        policy.gates is Gates.OFF and not policy.max_concurrent_drains.is_limited
    ):
        return plan
    declared = [
        service.declared for service in read_here(drain.containers, policy.gates, plan.reach).services
    ]
    is_observed = drain.observes
    told = tuple(foreseen(declared, plan.times.deadline_at - drain.started_at, is_observed=is_observed))
    is_gated = not is_observed and (bool(declared) or policy.max_concurrent_drains.is_limited)
    zones = [each.availability_zone for each in plan.findings.in_service]
    return replace(
        plan,
        drain=replace(drain, notices=(*drain.notices, *told)),
        gates=GateMemory(is_passed=not is_gated, zone=zones[0] if zones else None),
    )


def gates_now(plan: Plan, table: str, at: datetime) -> tuple[Blocker, ...]:
    """Return what would keep the planned drain's gates closed at this instant; takes no slot and asks nobody.

    `table`: the stage's ledger. Raises what every gateway does.
    """
    if plan.gates.is_passed:
        return ()
    drain, policy = plan.drain, plan.drain.policy
    rules = Rules(
        instance_id=drain.instance_id,
        execution=drain.execution,
        cluster=drain.cluster or "",
        zone=plan.gates.zone,
        budget=policy.max_concurrent_drains,
        deadline_at=plan.times.deadline_at,
        leases_end_at=plan.times.deadline_at,
    )
    question = Question(
        table=table, containers=drain.containers, mode=policy.gates, rules=rules, at=at, reach=plan.reach
    )
    seen, memory = read_gates(question, plan.gates)
    return decide_gates(seen, memory, rules).blockers
