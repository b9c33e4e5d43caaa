"""What a plan knows of the gates: whether any is to be asked, and which can't open in time. Touches nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.explain import Blocker
from chalicelib.gates import GateMemory, Rules, StatefulService, decide_gates
from chalicelib.gates.foreseeing import foreseen
from chalicelib.gateways.gates import Question, read_gates
from chalicelib.gateways.stateful import read_here
from chalicelib.plan.drain import Drain
from chalicelib.plan.making import Plan, Verdict
from chalicelib.policy import Gates, ManagedDraining


def with_gates(plan: Plan) -> Plan:
    """Return the plan with its gates: whether any is to be asked, and what is known of them already.

    Reads ECS only where the policy says that services are asked. Raises what every gateway does.
    """
    policy, drain = plan.drain.policy, plan.drain
    if plan.verdict is not Verdict.DRAIN or (
        policy.gates is Gates.OFF and not policy.max_concurrent_drains.is_limited
    ):
        return plan
    declared = [service.declared for service in services_on(drain)]
    is_observed = drain.managed_draining and policy.managed_draining is ManagedDraining.OBSERVE
    told = tuple(foreseen(declared, plan.times.deadline_at - drain.started_at, is_observed=is_observed))
    is_gated = not is_observed and (bool(declared) or policy.max_concurrent_drains.is_limited)
    zones = [each.availability_zone for each in plan.findings.in_service]
    return replace(
        plan,
        drain=replace(drain, notices=(*drain.notices, *told)),
        gates=GateMemory(is_passed=not is_gated, zone=zones[0] if zones else None),
    )


def services_on(drain: Drain) -> tuple[StatefulService, ...]:
    """Return the stateful services with tasks on the instance; none where the policy doesn't ask for them."""
    mode = drain.policy.gates
    if mode is Gates.OFF:
        return ()
    return read_here(drain.containers, with_definitions=mode is Gates.TASK_DEFINITIONS).services


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
    question = Question(table=table, containers=drain.containers, mode=policy.gates, rules=rules, at=at)
    seen, memory = read_gates(question, plan.gates)
    return decide_gates(seen, memory, rules).blockers
