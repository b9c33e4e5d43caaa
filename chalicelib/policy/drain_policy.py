"""The policy of one drain: every choice that a person may make, in one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.common.carried import Carried
from chalicelib.common.errors import InvalidPolicy
from chalicelib.common.trigger import OPTIONAL_TRIGGERS, Trigger
from chalicelib.policy.table import SETTINGS, defaults
from chalicelib.policy.values import (
    AfterDrain,
    Daemons,
    DrainBudget,
    Gates,
    ManagedDraining,
    OnClosedGates,
    OnDeadline,
    PollSchedule,
    StandaloneTasks,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainPolicy(Carried):
    """What a drain does; `chalicelib.policy.table` declares each setting's default and meaning.

    The fields have no defaults here, so that they are said once: `DrainPolicy.default()`.
    """

    cluster: str | None
    """None: look for the container instance in the stage's clusters."""
    deadline: timedelta
    on_deadline: OnDeadline
    standalone_tasks: StandaloneTasks
    daemons: Daemons
    dead_agent_after: timedelta
    poll: PollSchedule
    stuck_after: timedelta
    managed_draining: ManagedDraining
    notify: str
    """`stage`, `none` or the ARN of an SNS topic."""
    triggers: frozenset[Trigger]
    gates: Gates
    on_closed_gates: OnClosedGates
    max_concurrent_drains: DrainBudget
    then: AfterDrain

    @classmethod
    def default(cls) -> DrainPolicy:
        """Return the policy of a drain that nobody configured."""
        return cls(**defaults())

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> DrainPolicy:
        """Read what `to_state` wrote; raises InvalidPolicy naming the setting that is missing or wrong."""
        values = {}
        for setting in SETTINGS:
            try:
                values[setting.name] = setting.parse(state[setting.state_key])
            except KeyError:
                raise InvalidPolicy(f"the state's policy lacks {setting.state_key}") from None
            except ValueError as refusal:
                raise InvalidPolicy(f"{setting.state_key} of the state's policy: {refusal}") from None
        return cls(**values)

    def to_state(self) -> dict[str, Any]:
        """Return the JSON that the state machine carries: durations in whole seconds, choices as words."""
        return {setting.state_key: setting.write(getattr(self, setting.name)) for setting in SETTINGS}

    def admits(self, trigger: Trigger) -> bool:
        """Whether this trigger may start a drain: some need the stage's or the group's consent."""
        return trigger not in OPTIONAL_TRIGGERS or trigger in self.triggers
