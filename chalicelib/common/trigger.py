"""What may start a drain: a new trigger is one member here, and the row of its event in chalicelib/events/parse.py."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Trigger(StrEnum):
    """Why a drain was asked for; the word is carried in the execution's input and in the ledger."""

    label: str
    """What stands for it in the name of an execution."""
    is_optional: bool
    """Whether a stage or a group opts in to it; the others need no consent: someone put the hook, or asked."""

    def __new__(cls, word: str, label: str = "", is_optional: bool = False) -> Self:
        """Make a member of its word."""
        member = str.__new__(cls, word)
        member._value_, member.label, member.is_optional = word, label, is_optional
        return member

    LIFECYCLE_ACTION = "lifecycle-action", "lifecycle"
    """Auto Scaling holds the instance in a wait state of a terminate lifecycle hook."""
    MANUAL = "manual", "manual"
    """A person, or a program on a person's behalf."""
    SPOT_INTERRUPTION = "spot-interruption", "spot", True
    """EC2 takes the Spot instance back in two minutes."""
    REBALANCE_RECOMMENDATION = "rebalance-recommendation", "rebalance", True
    """EC2 sees an elevated risk for the Spot instance."""
    HEALTH_SCHEDULED_CHANGE = "health-scheduled-change", "health", True
    """AWS Health announced maintenance or retirement of the instance's host."""
    MANAGED_DRAINING = "managed-draining", "managed", True
    """ECS's own hook holds the instance and ECS drains it: the drain that is started only watches."""
    RECONCILER = "reconciler", "reconciler"
    """We found the instance in a wait state with no open drain: its event was lost, or its drain failed."""


OPTIONAL_TRIGGERS = tuple(trigger for trigger in Trigger if trigger.is_optional)
