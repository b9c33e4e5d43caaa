"""Plan a drain from what was found: whether there is anything to drain, by when, and which calls begin it. Pure.

`What does the plan say?` of the state machine switches on the verdict; nothing has been touched by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chalicelib.common.model import stamp
from chalicelib.common.trigger import Trigger
from chalicelib.events import DrainRequest
from chalicelib.gates import GateMemory
from chalicelib.look.memory import Memory
from chalicelib.plan.drain import Drain
from chalicelib.plan.findings import Findings
from chalicelib.policy import (
    Circumstances,
    DrainPolicy,
    OnDeadline,
    Reach,
    Resolved,
    Source,
    manual_source,
    metadata_source,
    resolve,
    spot_source,
    tag_source,
)
from chalicelib.policy.deadline import Timetable, timetable
from chalicelib.wake.row import AT_GATES, NOTHING

STOPPING = timedelta(minutes=2)
"""What `stop-tasks` needs after the deadline: usual stop timeouts of 30 s, and looks to see them through."""


class Verdict(StrEnum):
    """What the plan says."""

    DRAIN = "drain"
    NOTHING_TO_DRAIN = "nothing-to-drain"
    """No cluster knows the instance, or it left: the lifecycle action is completed at once."""
    ALREADY_OVER = "already-over"
    """The lifecycle action ended before the drain began: a stale event must not drain an instance in service."""
    NOT_ADMITTED = "not-admitted"
    """Neither the stage nor the group's tags let this kind of warning start a drain, or ECS alone drains it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What the state machine says of itself."""

    arn: str
    started_at: datetime
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the state machine goes on with."""

    verdict: Verdict
    drain: Drain
    request: DrainRequest
    times: Timetable
    findings: Findings
    reach: Reach | None = None
    """What tags of services may name."""
    gates: GateMemory = field(default_factory=lambda: GateMemory(is_passed=True))
    """Passed, unless stateful services or a drain budget have to be asked before DRAINING is set."""

    def to_state(self) -> dict[str, Any]:
        """Return the state that every later state reads from and writes to."""
        memory = Memory.at_start(self.drain.started_at).to_state()
        return {
            "verdict": self.verdict.value,
            "drain": {**self.drain.to_state(), "waiting_cluster": self._waiting_cluster()},
            "lifecycle_action": lifecycle_action_request(self.request),
            "to_set_draining": self._to_set_draining(),
            "to_deregister": self._to_deregister(),
            "deadline": {"at": stamp(self.times.deadline_at), "action": self.drain.policy.on_deadline.value},
            "heartbeat": {"recorded_at": self._heartbeat_counted_from()},
            "look": {
                "summary": "not looked yet",
                "holding": 0,
                "memory": memory,
                "gates": self.gates.to_state(),
            },
            "explanation": {"until": None, "warned": False, "times": 0, "text": "", "blockers": []},
            "stopped": {"asked": []},
            "outcome": {"name": self.verdict.value},
        }

    def _waiting_cluster(self) -> str:
        """Return where the index of the ledger has the drain's waiting row."""
        return (self.drain.cluster or NOTHING) + ("" if self.gates.is_passed else AT_GATES)

    def _to_set_draining(self) -> list[dict[str, Any]]:
        """Return one entry a cluster, of those that aren't DRAINING.

        It may be set from ACTIVE only. One that is still REGISTERING refuses, and the machine tries again:
        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateContainerInstancesState.html
        """
        if self.drain.observes:
            return []
        to_set = {
            c: [i.arn for i in self.findings.in_service if i.cluster == c and i.status != "DRAINING"]
            for c in self.drain.containers
        }
        return [{"cluster": cluster, "container_instances": arns} for cluster, arns in to_set.items() if arns]

    def _to_deregister(self) -> list[dict[str, str]]:
        """Return the container instances whose agent forgets them, as its state lies on the root volume.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/replace-root-volume.html
        """
        action = self.request.lifecycle_action
        if action is None or not action.replaces_root_volume:
            return []
        containers = self.drain.containers.items()
        return [{"cluster": c, "container_instance": arn} for c, arns in containers for arn in arns]

    def _heartbeat_counted_from(self) -> str | None:
        """Return the instant from which the next heartbeat is counted, or None without a lifecycle action."""
        first, every = self.times.first_heartbeat_at, self.times.heartbeat_every
        return stamp(first - every) if first and every else None


def lifecycle_action_request(request: DrainRequest) -> dict[str, str] | None:
    """Return the parameters by which Auto Scaling finds the lifecycle action, in its own words, or None.

    Without a token (the reconciler's drains) the instance id finds whichever action is active.
    """
    action = request.lifecycle_action
    if action is None:
        return None
    named = {
        "AutoScalingGroupName": action.auto_scaling_group,
        "LifecycleHookName": action.hook,
        "InstanceId": request.instance_id,
    }
    return {**named, "LifecycleActionToken": action.token} if action.token else named


def make_plan(
    request: DrainRequest,
    findings: Findings,
    stage: Source,
    execution: Execution,
    reach: Reach | None = None,
) -> Plan:
    """Return the plan for a request, given what was found of its instance and its Auto Scaling group.

    `reach`: what tags, hooks and requests may name.
    """
    resolved = resolve(_sources(request, findings, stage), _circumstances(request, findings, reach))
    times = _timetable(request, findings, resolved, execution.started_at)
    return Plan(
        verdict=verdict(request, findings, resolved.policy),
        drain=_drain(request, findings, resolved, times, execution),
        request=request,
        times=times,
        findings=findings,
        reach=reach,
    )


def verdict(request: DrainRequest, findings: Findings, policy: DrainPolicy) -> Verdict:
    """Say whether there is anything to drain, and leave to."""
    # An instance of ECS Managed Instances has no lifecycle hook of ours, and its own drain with its own deadline.
    is_left_to_ecs = findings.is_managed_instance and request.lifecycle_action is None
    if is_left_to_ecs or not policy.admits(request.trigger):
        return Verdict.NOT_ADMITTED
    is_held = request.lifecycle_action is not None or request.trigger is Trigger.MANAGED_DRAINING
    if is_held and findings.is_action_over(request.instance_id):
        return Verdict.ALREADY_OVER
    return Verdict.DRAIN if findings.in_service else Verdict.NOTHING_TO_DRAIN


def is_admitted(request: DrainRequest, findings: Findings, stage: Source) -> bool:
    """Say whether the stage, or the group that was found, lets this trigger start a drain."""
    return resolve(_sources(request, findings, stage)).policy.admits(request.trigger)


def preferred_cluster(
    request: DrainRequest, findings: Findings, stage: Source, reach: Reach | None = None
) -> str | None:
    """Return the cluster in which the policy says that the instance is, or None; no instance was found yet."""
    circumstances = _circumstances(request, findings, reach)
    return resolve(_sources(request, findings, stage), circumstances).policy.cluster


def _topic(policy: DrainPolicy, execution: Execution) -> str | None:
    if policy.notify == "none":
        return None
    return execution.topic if policy.notify == "stage" else policy.notify


def _sources(request: DrainRequest, findings: Findings, stage: Source) -> list[Source]:
    """Return where settings come from, lowest first."""
    sources = [stage]
    if findings.group:
        sources.append(tag_source(findings.group.tags, findings.group.name))
    if request.lifecycle_action:
        action = request.lifecycle_action
        sources.append(metadata_source(action.notification_metadata or findings.metadata, action.hook))
    if request.trigger is Trigger.SPOT_INTERRUPTION:
        sources.append(spot_source())
    return [*sources, manual_source(request.settings)]


def _circumstances(request: DrainRequest, findings: Findings, reach: Reach | None) -> Circumstances:
    return Circumstances(
        lifecycle_action=request.lifecycle_action is not None,
        retained_on_abandon=findings.group is not None and findings.group.retains_on_abandon,
        auto_scaling_group=findings.group is not None,
        watches=request.trigger is Trigger.MANAGED_DRAINING,
        reach=reach,
    )


def _timetable(
    request: DrainRequest, findings: Findings, resolved: Resolved, started_at: datetime
) -> Timetable:
    stops = resolved.policy.on_deadline is OnDeadline.STOP_TASKS
    times = timetable(
        started_at,
        resolved.policy.deadline,
        findings.hook,
        gone_at=request.gone_at,
        stopping=STOPPING if stops and request.gone_at is None else timedelta(0),
    )
    if request.lifecycle_action and not request.lifecycle_action.token:
        # Not begun by the action's own event: the hook's timer has run since whoever recorded the last heartbeat.
        times = replace(times, first_heartbeat_at=started_at)
    # Of the two minutes of a Spot notice some seconds are always kept: nobody asked for what can't fit there.
    is_asked_for = resolved.sources["deadline"] != spot_source().name
    return times if is_asked_for else replace(times, notices=())


def _drain(
    request: DrainRequest, findings: Findings, resolved: Resolved, times: Timetable, execution: Execution
) -> Drain:
    action = request.lifecycle_action
    return Drain(
        execution=execution.arn,
        instance_id=request.instance_id,
        trigger=request.trigger.value,
        who=request.who or "-",
        reason=request.reason or "-",
        policy=resolved.policy,
        containers=findings.containers(),
        started_at=execution.started_at,
        topic=_topic(resolved.policy, execution),
        heartbeat=times.heartbeat_every or timedelta(0),
        auto_scaling_group=findings.group.name if findings.group else None,
        destination=(action.destination or "EC2") if action else None,
        default_result=findings.hook.default_result if findings.hook else None,
        ceiling_at=times.ceiling_at,
        gone_at=request.gone_at,
        managed_draining=request.trigger is Trigger.MANAGED_DRAINING
        or (findings.managed_draining and action is not None),
        sources=resolved.sources,
        notices=(*resolved.notices, *times.notices, *findings.notices),
    )
