"""One drain as the state machine carries it: what the plan settled and no later state changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.carried import Carried, state_of, values_of
from chalicelib.common.trigger import Trigger
from chalicelib.policy import DrainPolicy, ManagedDraining
from chalicelib.policy.deadline import CEILING_MARGIN, earlier

# A target is deregistered before SIGTERM, for 300 s where nobody set another delay:
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
DEREGISTRATION = timedelta(seconds=300)
REPORTING = timedelta(seconds=30)
"""What the agent and ECS take to say STOPPED."""

KEPT_IN_LEDGER = timedelta(days=90)
"""As long as Step Functions keeps the history of a closed execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drain(Carried):
    """What one execution knows of its drain."""

    execution: str
    """The ARN of the execution."""
    instance_id: str
    trigger: str
    who: str
    reason: str
    policy: DrainPolicy
    containers: Mapping[str, tuple[str, ...]]
    """The ARNs of its container instances by cluster; more than one where the agent registered again."""
    started_at: datetime
    topic: str | None
    """The ARN of the SNS topic that is told; None where the policy wants nobody told."""
    heartbeat: timedelta = timedelta(0)
    """How long from one heartbeat to the next."""
    auto_scaling_group: str | None = None
    destination: str | None = None
    """Where Auto Scaling sends the instance: `EC2` (it terminates), `WarmPool`, or its group (root volume)."""
    default_result: str | None = None
    ceiling_at: datetime | None = None
    gone_at: datetime | None = None
    """When AWS takes the instance away whatever we do (a Spot interruption)."""
    managed_draining: bool = False
    """Whether ECS drains it as well. Its managed draining acts by a lifecycle hook of its own, hence on what Auto
    Scaling terminates alone: without a lifecycle action nobody but this drain sets DRAINING.
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-instance-draining.html
    """
    sources: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The execution's name."""
        return self.execution.rsplit(":", 1)[-1]

    @property
    def cluster(self) -> str | None:
        """The cluster that knows the instance, where one does."""
        return next(iter(self.containers), None)

    @property
    def expires_at(self) -> int:
        """When DynamoDB may forget the drain, in seconds since 1970."""
        return int((self.started_at + KEPT_IN_LEDGER).timestamp())

    @property
    def row(self) -> str:
        """What its waiting row is named after: the first of its container instances, or the EC2 instance without any.

        One that polls has a row as well: it says that the drain is open (chalicelib/steps/reconcile.py), and whoever
        takes the drain over, by events or by polls, takes over the row.
        """
        return next((arn for arns in self.containers.values() for arn in arns), self.instance_id)

    @property
    def waits_on(self) -> str | None:
        """The container instance whose events the drain waits for; where there are more, or none, it polls.

        So does one that watches ECS drain: when it sets DRAINING, hence what a listing proves, is ECS's to know.
        """
        arns = [arn for each in self.containers.values() for arn in each]
        return arns[0] if len(arns) == 1 and not self.observes and not self.policy.poll.is_fixed else None

    @property
    def observes(self) -> bool:
        """Whether ECS drains the instance itself, and this drain only watches, explains and notifies."""
        is_asked_to = self.policy.managed_draining is ManagedDraining.OBSERVE or self.is_watch
        return self.managed_draining and is_asked_to

    @property
    def is_watch(self) -> bool:
        """Whether ECS's own hook started it: whatever the policy says, DRAINING and the action are ECS's."""
        return self.trigger == Trigger.MANAGED_DRAINING

    def to_state(self) -> dict[str, Any]:
        """Return `$drain` of the state machine, the keys of its ledger entries among it."""
        return {
            **state_of(self),
            "ledger_key": f"drain#{self.name}",
            "lock_key": f"instance#{self.instance_id}",
            "waiting_key": f"waiting#{self.row}",
            "expires_at": str(self.expires_at),
            "containers": [
                {"cluster": cluster, "container_instances": list(arns)}
                for cluster, arns in self.containers.items()
            ],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Drain:
        """Read what `to_state` wrote."""
        containers = {each["cluster"]: each["container_instances"] for each in state["containers"]}
        return cls(**values_of(cls, {**state, "containers": containers}))


def stopped_by(drain: Drain, stop: timedelta, at: datetime) -> datetime:
    """Return when tasks that take so long to stop are STOPPED at the latest, or the instance goes whatever we do."""
    stopped_at = at + DEREGISTRATION + stop + REPORTING
    limit = earlier(drain.ceiling_at and drain.ceiling_at - CEILING_MARGIN, drain.gone_at)
    return earlier(stopped_at, limit) or stopped_at
