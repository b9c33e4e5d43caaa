"""`ecs-drainer explain`: why an instance is not empty yet, now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib import explain as explaining
from chalicelib.common.errors import AccessDenied
from chalicelib.common.model import instant
from chalicelib.explain import Circumstances
from chalicelib.explain.words import count
from chalicelib.gates import GateMemory
from chalicelib.gateways import ecs
from chalicelib.gateways.circumstances import read_circumstances
from chalicelib.gateways.find import find
from chalicelib.plan.findings import Findings
from cli import executions
from cli.command import command
from cli.desk import Desk
from cli.drains import Found, find_open
from cli.exit_codes import ExitCode
from cli.inventory import StageSettings, clusters, find_instances, read_stage
from cli.options import Cluster, Instance
from cli.requests import Wishes


@command
def explain(desk: Desk, *, instance: Instance, cluster: Cluster = None) -> ExitCode:
    """Say why an instance is not moving, now: for each task what holds it, and what would free it.

    Reads everything anew, so it is more recent than the drain's own last explanation. Where nothing is deployed, or the
    ledger may not be read, it explains what ECS drains or a person set DRAINING.
    """
    stage = desk.ask(read_stage, desk.installation)
    (instance_id,) = find_instances(desk, [instance], cluster, stage.settings)
    findings = desk.ask(find, Wishes().request(instance_id), clusters(desk, cluster, stage.settings))
    found = _open_drain(desk, instance_id, stage)
    if all(one.status == "ACTIVE" for one in findings.in_service) and found is None:
        desk.report(
            f"{instance_id} is ACTIVE and not being drained; `ecs-drainer plan {instance_id}` tells what would be",
            {"instance_id": instance_id, "is_draining": False, "blockers": None},
        )
        return ExitCode.OK
    state: dict[str, Any] = desk.ask(executions.latest_state, found.execution) if found else {}
    closed = state.get("look", {}).get("gates", {})
    if closed and not closed["is_passed"]:
        return _explain_gates(desk, instance_id, state)
    _report(
        desk, instance_id, [desk.ask(_world, findings, one, _known(state)) for one in findings.containers()]
    )
    return ExitCode.OK


def _report(desk: Desk, instance_id: str, worlds: Sequence[Circumstances]) -> None:
    at = desk.now()
    blockers = [blocker for world in worlds for blocker in explaining.explain(world, at)]
    unread = [sentence for world in worlds for sentence in world.unread]
    tasks = sum(len(world.tasks) for world in worlds)
    headline = (
        f"{instance_id}: {count(tasks, 'task')} not STOPPED"
        if tasks
        else f"{instance_id}: every task is STOPPED"
    )
    text = explaining.render_text(explaining.group(blockers), unread)
    document = {
        "instance_id": instance_id,
        "is_draining": True,
        "blockers": explaining.to_state(blockers, unread),
    }
    desk.report(f"{headline}\n{text}".rstrip(), document)


def _explain_gates(desk: Desk, instance_id: str, state: dict[str, Any]) -> ExitCode:
    """Say what keeps the gates closed, as the drain's last look found it."""
    blockers = GateMemory.from_state(state["look"]["gates"]).blockers
    text = explaining.render_text(explaining.group(blockers))
    headline = (
        f"{instance_id}: nothing is touched yet; at {state['look'].get('at', 'the start')} its gates were"
    )
    desk.report(
        f"{headline} {'closed' if blockers else 'not looked at yet'}\n{text}".rstrip(),
        {"instance_id": instance_id, "is_draining": False, "blockers": explaining.to_state(blockers)},
    )
    return ExitCode.OK


def _open_drain(desk: Desk, instance_id: str, stage: StageSettings) -> Found | None:
    """Return the instance's open drain; None where none is, nothing is deployed, or nobody may say."""
    if not stage.is_deployed:
        desk.warn(f"Note: {stage.notice}")
        return None
    try:
        return find_open(desk, instance_id)
    except AccessDenied as refusal:
        desk.warn(
            f"Note: whether a drain of ours is open can't be told: {refusal.args[0].partition('. Compare')[0]}"
        )
        return None


def _known(state: dict[str, Any]) -> dict[str, Any]:
    """Return what only the drain itself knows: when it began, since when the agent is gone, whether ECS drains too."""
    memory = state.get("look", {}).get("memory", {})
    began, since = memory.get("started_at"), memory.get("disconnected_at")
    return {
        "drain_began_at": instant(began) if began else None,
        "agent_disconnected_since": instant(since) if since else None,
        "managed_draining": state.get("drain", {}).get("managed_draining", True),
    }


def _world(findings: Findings, cluster: str, known: dict[str, Any]) -> Circumstances:
    arns = findings.containers()[cluster]
    tasks = [task for arn in arns for task in ecs.describe_tasks(cluster, ecs.list_tasks(cluster, arn)).tasks]
    group = findings.group.name if findings.group else None
    return read_circumstances(cluster, arns, tasks, auto_scaling_group=group, **known)
