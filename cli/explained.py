"""Why an instance is not empty yet, read anew: for `ecs-drainer explain` and for whoever asks the console."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib import explain as explaining
from chalicelib.common.errors import AccessDenied
from chalicelib.common.model import instant
from chalicelib.explain import Blocker, Circumstances
from chalicelib.explain.words import count
from chalicelib.gates import GateMemory
from chalicelib.gateways import ecs
from chalicelib.gateways.circumstances import read_circumstances
from chalicelib.gateways.find import find
from chalicelib.plan.findings import Findings
from cli import executions
from cli.desk import Desk
from cli.drains import Found, find_open
from cli.inventory import StageSettings, clusters, find_instances, read_stage
from cli.requests import Wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What holds an instance."""

    instance_id: str
    headline: str
    is_draining: bool
    blockers: tuple[Blocker, ...] | None = ()
    """None where it is ACTIVE and nobody drains it."""
    unread: tuple[str, ...] = field(default=())
    """What AWS refused to show, a sentence each."""

    @property
    def text(self) -> str:
        """The same for people."""
        groups = explaining.group(self.blockers or ())
        return f"{self.headline}\n{explaining.render_text(groups, self.unread)}".rstrip()

    @property
    def document(self) -> dict[str, Any]:
        """The same for programs."""
        blockers = None if self.blockers is None else explaining.to_state(self.blockers, self.unread)
        return {"instance_id": self.instance_id, "is_draining": self.is_draining, "blockers": blockers}


def read_explanation(desk: Desk, instance: str, cluster: str | None = None) -> Explained:
    """Read everything anew and say what holds an instance, by any of its names; raises Halt where it is unknown."""
    stage = desk.ask(read_stage, desk.installation)
    (instance_id,) = find_instances(desk, [instance], cluster, stage.settings)
    findings = desk.ask(find, Wishes().request(instance_id), clusters(desk, cluster, stage.settings))
    found = _open_drain(desk, instance_id, stage)
    if all(one.status == "ACTIVE" for one in findings.in_service) and found is None:
        remedy = f"`ecs-drainer plan {instance_id}` tells what would be"
        headline = f"{instance_id} is ACTIVE and not being drained; {remedy}"
        return Explained(instance_id=instance_id, headline=headline, is_draining=False, blockers=None)
    state: dict[str, Any] = desk.ask(executions.latest_state, found.execution) if found else {}
    closed = state.get("look", {}).get("gates", {})
    if closed and not closed["is_passed"]:
        return _at_the_gates(instance_id, state)
    worlds = [desk.ask(_world, findings, one, _known(state)) for one in findings.containers()]
    return _explained(desk, instance_id, worlds)


def _explained(desk: Desk, instance_id: str, worlds: Sequence[Circumstances]) -> Explained:
    at = desk.now()
    tasks = sum(len(world.tasks) for world in worlds)
    left = f"{count(tasks, 'task')} not STOPPED" if tasks else "every task is STOPPED"
    return Explained(
        instance_id=instance_id,
        headline=f"{instance_id}: {left}",
        is_draining=True,
        blockers=tuple(blocker for world in worlds for blocker in explaining.explain(world, at)),
        unread=tuple(sentence for world in worlds for sentence in world.unread),
    )


def _at_the_gates(instance_id: str, state: dict[str, Any]) -> Explained:
    """Say what keeps the gates closed, as the drain's last look found it."""
    blockers = GateMemory.from_state(state["look"]["gates"]).blockers
    headline = (
        f"{instance_id}: nothing is touched yet; at {state['look'].get('at', 'the start')} its gates were "
        f"{'closed' if blockers else 'not looked at yet'}"
    )
    return Explained(instance_id=instance_id, headline=headline, is_draining=False, blockers=tuple(blockers))


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
