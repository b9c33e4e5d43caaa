"""Reads all that is to be known of an instance before it is drained; touches nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.common.model import Task, TaskKind
from chalicelib.events import DrainRequest
from chalicelib.explain import Blocker, Circumstances, Forecast, Outcome, forecast
from chalicelib.gateways import ecs, stepfunctions
from chalicelib.gateways.circumstances import read_circumstances
from chalicelib.gateways.find import find
from chalicelib.gateways.ledger import read_entry
from chalicelib.plan.findings import Findings
from chalicelib.plan.making import Execution, Plan, make_plan
from chalicelib.policy import DrainPolicy
from chalicelib.policy.settings import Settings
from chalicelib.steps.plan_drain import gates_now, with_gates
from cli.outlook import under_policy
from cli.requests import Wishes


@dataclass(frozen=True, slots=True)
class Prospect:
    """One instance that somebody wants to drain, and what would come of it."""

    instance_id: str
    plan: Plan
    """As the state machine would plan it."""
    worlds: tuple[Circumstances, ...] = ()
    """What surrounds its tasks, one a cluster that knows the instance."""
    forecasts: tuple[Forecast, ...] = ()
    """One a world, under the drain's policy."""
    gates: tuple[Blocker, ...] = ()
    """What would keep the gates of its stateful services closed now."""
    open_execution: str | None = None
    """The ARN of the execution that drains it already."""

    @property
    def request(self) -> DrainRequest:
        """What the state machine would be asked."""
        return self.plan.request

    @property
    def policy(self) -> DrainPolicy:
        """The policy that would count."""
        return self.plan.drain.policy

    @property
    def findings(self) -> Findings:
        """Its group and container instances."""
        return self.plan.findings

    @property
    def lifecycle_state(self) -> str | None:
        """The state that its Auto Scaling group says it is in, or None without a group."""
        group = self.findings.group
        return group.states.get(self.instance_id) if group else None

    @property
    def is_blocked(self) -> bool:
        """Whether some task won't leave until somebody acts."""
        return any(told.is_blocked for told in self.forecasts)

    def tasks(self, outcome: Outcome) -> int:
        """Return how many tasks have this prospect."""
        return sum(told.count(outcome) for told in self.forecasts)

    @property
    def standalone(self) -> tuple[Task, ...]:
        """The tasks that DRAINING leaves alone."""
        return tuple(
            task
            for world in self.worlds
            for task in world.tasks
            if task.kind(world.daemon_services) is TaskKind.STANDALONE and not task.is_stopped
        )


def read_prospect(
    instance_id: str,
    wishes: Wishes,
    clusters: Sequence[str],
    settings: Settings,
    *,
    at: datetime,
    chosen: Collection[str] = (),
) -> Prospect:
    """Return what draining this instance now would do; the others of `chosen` count as DRAINING by then."""
    request = wishes.request(instance_id)
    findings = find(request, clusters)
    execution = Execution(arn="", started_at=at, topic="")
    plan = with_gates(make_plan(request, findings, settings.policy, execution, settings.reach))
    worlds = tuple(_without(read_world(plan, cluster), chosen) for cluster in plan.drain.containers)
    forecasts = tuple(under_policy(forecast(world, at), world, plan.drain.policy) for world in worlds)
    return Prospect(instance_id, plan, worlds, forecasts)


def read_world(plan: Plan, cluster: str) -> Circumstances:
    """Return what surrounds the instance's tasks in one cluster."""
    arns = plan.drain.containers[cluster]
    tasks = [task for arn in arns for task in ecs.describe_tasks(cluster, ecs.list_tasks(cluster, arn)).tasks]
    return read_circumstances(
        cluster,
        arns,
        tasks,
        auto_scaling_group=plan.drain.auto_scaling_group,
        dead_agent_after=plan.drain.policy.dead_agent_after,
        managed_draining=plan.drain.managed_draining,
    )


def with_gates_now(prospect: Prospect, ledger: str, at: datetime) -> Prospect:
    """Return the prospect with what would keep its gates closed now; asks nobody and takes no slot."""
    return replace(prospect, gates=gates_now(prospect.plan, ledger, at))


def with_open_execution(prospect: Prospect, ledger: str) -> Prospect:
    """Return the prospect with the execution that drains the instance already, if one runs."""
    execution = open_execution(ledger, prospect.instance_id)
    return replace(prospect, open_execution=execution)


def open_execution(ledger: str, instance_id: str) -> str | None:
    """Return the ARN of the execution that drains an instance now, by the ledger and Step Functions."""
    entry = read_entry(ledger, instance_id)
    is_open = entry.execution is not None and stepfunctions.is_running(entry.execution)
    return entry.execution if is_open else None


def _without(world: Circumstances, chosen: Collection[str]) -> Circumstances:
    """Take the other chosen instances for places: they will be DRAINING too."""
    others = (
        replace(one, status="DRAINING") if one.ec2_instance_id in chosen else one for one in world.others
    )
    return replace(world, others=tuple(others))
