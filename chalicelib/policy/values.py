"""The values that a policy is made of: what may be chosen, and what each choice means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from chalicelib.common.duration import in_short


class OnDeadline(StrEnum):
    """What is done when the deadline passes while tasks hold the drain."""

    CONTINUE = "continue"
    """Complete the lifecycle action with CONTINUE; without one, leave the instance DRAINING and say so."""
    STOP_TASKS = "stop-tasks"
    """Call StopTask for what is left, wait out the stop timeouts, then continue."""
    ABANDON = "abandon"
    """Complete the lifecycle action with ABANDON, where the group's retention policy then keeps the instance.

    ABANDON stops sibling hooks at once, and without that policy the instance is terminated:
    https://docs.aws.amazon.com/autoscaling/ec2/userguide/completing-lifecycle-hooks.html
    """
    ABANDON_ANYWAY = "abandon-anyway"
    """ABANDON whether or not the group then keeps the instance: the operator insists."""
    KEEP = "keep"
    """Leave the instance DRAINING and end: for drains without a lifecycle action."""
    UNDRAIN = "undrain"
    """Set the container instance ACTIVE again and end; a lifecycle action is left to its own timers."""


class AfterDrain(StrEnum):
    """What follows a drain that nobody but a person asked for, once every task is STOPPED."""

    KEEP = "keep"
    """Leave the instance DRAINING."""
    TERMINATE = "terminate"
    """Ask its Auto Scaling group to terminate it."""
    RETURN = "return"
    """Set it ACTIVE again, as after maintenance."""


class Daemons(StrEnum):
    """What tasks of DAEMON services mean for the drain."""

    LAST = "last"
    """Counted apart: once every other task is STOPPED they hold it for their stop timeout and a margin."""
    IGNORE = "ignore"
    """Never waited for."""


class ManagedDraining(StrEnum):
    """What we do where the capacity provider's own managed draining is on."""

    OBSERVE = "observe"
    """Watch, explain and notify, and leave DRAINING to ECS."""
    DRAIN = "drain"
    """Set DRAINING ourselves as well."""


class Standalone(StrEnum):
    """What is done about tasks that RunTask or StartTask started; DRAINING leaves them alone."""

    WAIT = "wait"
    """Wait until they end by themselves."""
    STOP = "stop"
    """Call StopTask at once."""
    STOP_AFTER = "stop-after"
    """Wait for a while, then call StopTask."""
    IGNORE = "ignore"
    """Don't wait for them: they are killed with the instance."""


class Gates(StrEnum):
    """Where the gates of stateful services are looked for before DRAINING is set."""

    OFF = "off"
    """Nowhere: tags of services mean nothing, and cost no call."""
    SERVICES = "services"
    """In the tags of the services that have tasks on the instance, and in those of their tasks."""
    TASK_DEFINITIONS = "task-definitions"
    """In the tags of their task definitions too, at one call each."""


class OnClosedGates(StrEnum):
    """What is done when time is over and a gate is still closed."""

    GIVE_UP = "give-up"
    """End the drain at its deadline with the instance untouched; a lifecycle action is left to its own timers."""
    DRAIN = "drain"
    """Set DRAINING in time for the tasks to stop in order, whatever the gates say."""


@dataclass(frozen=True, slots=True)
class DrainBudget:
    """The most drains at once, in a cluster and in one Availability Zone of it; None is no limit."""

    cluster: int | None = None
    zone: int | None = None

    def __str__(self) -> str:
        parts = [str(self.cluster)] if self.cluster else []
        parts += [f"{self.zone} per zone"] if self.zone else []
        return " ".join(parts) or "unlimited"

    @property
    def is_limited(self) -> bool:
        """Whether a drain needs a slot."""
        return self.cluster is not None or self.zone is not None


@dataclass(frozen=True, slots=True)
class StandaloneTasks:
    """The policy for standalone tasks; `after` is set for `stop-after` and only there."""

    action: Standalone
    after: timedelta | None = None

    def __post_init__(self) -> None:
        if (self.action is Standalone.STOP_AFTER) is (self.after is None):
            raise ValueError("stop-after needs a duration, and nothing else takes one")

    def __str__(self) -> str:
        return self.action if self.after is None else f"{self.action} {in_short(self.after)}"


@dataclass(frozen=True, slots=True)
class PollSchedule:
    """How long to wait between looks: `start`, growing to `mid` while nothing changes; later to `long`."""

    start: timedelta
    mid: timedelta
    long: timedelta
    long_after: ClassVar[timedelta] = timedelta(hours=2)
    """The age of the drain from which waits may grow to `long`."""

    def __post_init__(self) -> None:
        if not timedelta(0) < self.start <= self.mid <= self.long:
            raise ValueError(f"the waits of a poll must not be zero and must not shrink, unlike {self}")

    def __str__(self) -> str:
        return f"{in_short(self.start)} {in_short(self.mid)} {in_short(self.long)}"

    @property
    def is_fixed(self) -> bool:
        """Whether it was given as one duration: the same wait always, whatever is seen."""
        return self.start == self.long

    def longest_wait(self, age: timedelta) -> timedelta:
        """Return the longest wait allowed for a drain of this age."""
        return self.long if age >= self.long_after else self.mid

    def looks_within(self, deadline: timedelta) -> int:
        """Return about how many looks a drain costs in which nothing changes until its deadline."""
        early = min(deadline, self.long_after)
        return int(early / self.mid) + int((deadline - early) / self.long)
