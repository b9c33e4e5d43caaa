"""A blocker: what holds the drain, why, and what frees it; its kinds in the order of importance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from chalicelib.common.carried import Carried
from chalicelib.explain.words import EXAMPLES


class BlockerKind(StrEnum):
    """Everything that can hold a drain; what no waiting will cure comes before what ends by itself."""

    SET_ACTIVE = "set-active"
    AGENT_DISCONNECTED = "agent-disconnected"
    DEADLOCK = "deadlock"
    NO_OTHER_INSTANCE = "no-other-instance"
    ALL_DRAINING = "all-draining"
    PROVIDER_EMPTY = "provider-empty"
    AT_MAXIMUM = "at-maximum"
    LAUNCH_SUSPENDED = "launch-suspended"
    INSTANCE_OVERDUE = "instance-overdue"
    LAUNCH_TYPE = "launch-type"
    NO_FARGATE = "no-fargate"
    NO_CPU = "no-cpu"
    NO_MEMORY = "no-memory"
    NO_GPU = "no-gpu"
    NO_PORT = "no-port"
    NO_ENI = "no-eni"
    DISTINCT_INSTANCE = "distinct-instance"
    MEMBER_OF = "member-of"
    MISSING_ATTRIBUTE = "missing-attribute"
    ZONE_PINNED = "zone-pinned"
    DEPLOYMENT_FAILED = "deployment-failed"
    START_IMPAIRED = "start-impaired"
    UNHEALTHY_REPLACEMENT = "unhealthy-replacement"
    DEPLOYMENT_UNSETTLED = "deployment-unsettled"
    FIXED_PERCENTS = "fixed-percents"
    STOP_OVERDUE = "stop-overdue"
    PROTECTED = "protected"
    STANDALONE = "standalone"
    GATE_UNREADABLE = "gate-unreadable"
    SIGN_OFF_REFUSED = "sign-off-refused"
    SIGN_OFF_OVERDUE = "sign-off-overdue"
    GROUP_SHORT = "group-short"
    NO_STANDBY = "no-standby"
    QUEUE_UNREADABLE = "queue-unreadable"
    QUEUE_GROWS = "queue-grows"
    UNEXPLAINED = "unexplained"
    DEREGISTERING = "deregistering"
    STOPPING = "stopping"
    BEHIND_STOPPING = "behind-stopping"
    TARGET_CAPACITY = "target-capacity"
    AWAITS_INSTANCE = "awaits-instance"
    MOVING = "moving"
    DAEMON_LAST = "daemon-last"
    MANAGED_DRAINING = "managed-draining"
    QUORUM_TAKEN = "quorum-taken"
    BUDGET_SPENT = "budget-spent"
    QUEUE_NOT_EMPTY = "queue-not-empty"
    SIGN_OFF_AWAITED = "sign-off-awaited"
    NOT_ITS_TURN = "not-its-turn"

    @classmethod
    def _missing_(cls, _value: object) -> BlockerKind:
        """Return what stands for a kind of another release: a rollback must not fail a drain over a word."""
        return cls.UNEXPLAINED

    @property
    def headline(self) -> str:
        """One line for people that is true of every blocker of the kind."""
        return HEADLINES[self]

    @property
    def importance(self) -> int:
        """Its place in the order above; lower is read first."""
        return _ORDER[self]

    @property
    def resolves_itself(self) -> bool:
        """Whether waiting is enough: nobody need be woken for it."""
        return self.importance >= BlockerKind.DEREGISTERING.importance


_ORDER = {kind: place for place, kind in enumerate(BlockerKind)}

HEADLINES = {
    BlockerKind.SET_ACTIVE: "The container instance was set to ACTIVE while it was being drained",
    BlockerKind.AGENT_DISCONNECTED: "The ECS agent is disconnected",
    BlockerKind.DEADLOCK: "Minimum healthy percent and maximum percent leave no room to move a task",
    BlockerKind.NO_OTHER_INSTANCE: "No other container instance takes tasks",
    BlockerKind.ALL_DRAINING: "Every other container instance is DRAINING too",
    BlockerKind.PROVIDER_EMPTY: "The capacity providers of the service have no other container instance",
    BlockerKind.AT_MAXIMUM: "The group behind the capacity provider is at its maximum",
    BlockerKind.LAUNCH_SUSPENDED: "The group behind the capacity provider may not launch",
    BlockerKind.INSTANCE_OVERDUE: "The new instance for a replacement doesn't come",
    BlockerKind.LAUNCH_TYPE: "The service has a launch type, so that no instance is launched for it",
    BlockerKind.NO_FARGATE: "Fargate, where the replacement goes, has no capacity",
    BlockerKind.NO_CPU: "No other container instance has enough CPU left",
    BlockerKind.NO_MEMORY: "No other container instance has enough memory left",
    BlockerKind.NO_GPU: "No other container instance has enough GPUs left",
    BlockerKind.NO_PORT: "The host port is taken on every other container instance",
    BlockerKind.NO_ENI: "No other container instance can attach another elastic network interface",
    BlockerKind.DISTINCT_INSTANCE: "distinctInstance allows one task of the service on a container instance",
    BlockerKind.MEMBER_OF: "No other container instance satisfies the memberOf constraint",
    BlockerKind.MISSING_ATTRIBUTE: "No other container instance has an attribute that the task requires",
    BlockerKind.ZONE_PINNED: "The task's volume is bound to an Availability Zone that has no other room",
    BlockerKind.DEPLOYMENT_FAILED: "The service's deployment failed",
    BlockerKind.START_IMPAIRED: "Replacement tasks don't start",
    BlockerKind.UNHEALTHY_REPLACEMENT: "Replacement tasks run but aren't healthy",
    BlockerKind.DEPLOYMENT_UNSETTLED: "The service's deployment doesn't settle",
    BlockerKind.FIXED_PERCENTS: "The deployment controller fixes the percents at 100 and 200",
    BlockerKind.STOP_OVERDUE: "The task should have been killed by now",
    BlockerKind.PROTECTED: "The task is protected from scale-in",
    BlockerKind.STANDALONE: "A standalone task, which DRAINING leaves alone, hasn't ended",
    BlockerKind.GATE_UNREADABLE: "A tag of a stateful service can't be read, so its gate stays closed",
    BlockerKind.SIGN_OFF_REFUSED: "A task refuses to be stopped",
    BlockerKind.SIGN_OFF_OVERDUE: "A task hasn't answered in time whether it may be stopped",
    BlockerKind.GROUP_SHORT: "The quorum group is short of healthy tasks",
    BlockerKind.NO_STANDBY: "No replacement is on standby on another container instance",
    BlockerKind.QUEUE_UNREADABLE: "The queue that must be empty can't be read",
    BlockerKind.QUEUE_GROWS: "The queue that must be empty grows",
    BlockerKind.UNEXPLAINED: "Nothing that AWS shows explains why it stays",
    BlockerKind.DEREGISTERING: "The load balancer still drains connections",
    BlockerKind.STOPPING: "The containers have been told to stop",
    BlockerKind.BEHIND_STOPPING: "A replacement waits for a task that still stops on its own instance",
    BlockerKind.TARGET_CAPACITY: "A target capacity of 100 % keeps no instance spare: a new one is awaited",
    BlockerKind.AWAITS_INSTANCE: "A new instance is awaited",
    BlockerKind.MOVING: "ECS has room to move it",
    BlockerKind.DAEMON_LAST: "A daemon, which leaves after all others",
    BlockerKind.MANAGED_DRAINING: "ECS managed instance draining is at work as well",
    BlockerKind.QUORUM_TAKEN: "Other instances of the quorum group are being drained",
    BlockerKind.BUDGET_SPENT: "As many instances as may are being drained already",
    BlockerKind.QUEUE_NOT_EMPTY: "The queue isn't empty yet",
    BlockerKind.SIGN_OFF_AWAITED: "A task hasn't signed off yet",
    BlockerKind.NOT_ITS_TURN: "Services of a lower order go first",
}


@dataclass(frozen=True, slots=True)
class Blocker(Carried):
    """One thing that holds the drain."""

    kind: BlockerKind
    subject: str
    """Who: "service api", "task 0a1b2c3d of family batch"."""
    reason: str
    """Why, with the numbers."""
    remedy: str
    """The command or setting that frees it, or that there is nothing to do."""
    tasks: tuple[str, ...] = ()
    """The ids of the tasks it holds."""
    ends_at: datetime | None = None
    """When it ends by itself, as far as can be told."""


@dataclass(frozen=True, slots=True)
class BlockerGroup:
    """All blockers of one kind: a few examples, and how many more there are."""

    kind: BlockerKind
    examples: tuple[Blocker, ...]
    more: int = 0
    tasks: int = 0
    """How many tasks the whole group holds."""


def in_order(blockers: Iterable[Blocker]) -> tuple[Blocker, ...]:
    """Sort by importance, then by subject, so that the same circumstances always read the same."""
    return tuple(
        sorted(blockers, key=lambda blocker: (blocker.kind.importance, blocker.subject, blocker.reason))
    )


def group(blockers: Iterable[Blocker]) -> tuple[BlockerGroup, ...]:
    """Put blockers of a kind together, three examples of each, most important kind first."""
    return tuple(
        _gathered(kind, tuple(alike))
        for kind, alike in groupby(in_order(blockers), key=lambda blocker: blocker.kind)
    )


def _gathered(kind: BlockerKind, alike: tuple[Blocker, ...]) -> BlockerGroup:
    held = {task for blocker in alike for task in blocker.tasks}
    return BlockerGroup(kind, alike[:EXAMPLES], more=max(0, len(alike) - EXAMPLES), tasks=len(held))
