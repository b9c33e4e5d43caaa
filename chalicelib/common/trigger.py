"""What may start a drain."""

from __future__ import annotations

from enum import StrEnum


class Trigger(StrEnum):
    """Why a drain was asked for; the word is carried in the execution's input and in the ledger."""

    LIFECYCLE_ACTION = "lifecycle-action"
    """Auto Scaling holds the instance in a wait state of a terminate lifecycle hook."""
    MANUAL = "manual"
    """A person, or a program on a person's behalf."""
    SPOT_INTERRUPTION = "spot-interruption"
    """EC2 takes the Spot instance back in two minutes."""
    REBALANCE_RECOMMENDATION = "rebalance-recommendation"
    """EC2 sees an elevated risk for the Spot instance."""
    HEALTH_SCHEDULED_CHANGE = "health-scheduled-change"
    """AWS Health announced maintenance or retirement of the instance's host."""
    RECONCILER = "reconciler"
    """We found the instance in a wait state with no open drain: its event was lost, or its drain failed."""


OPTIONAL_TRIGGERS = (
    Trigger.SPOT_INTERRUPTION,
    Trigger.REBALANCE_RECOMMENDATION,
    Trigger.HEALTH_SCHEDULED_CHANGE,
)
"""Those that a stage or a group opts in to; the others need no consent: someone put the hook, or asked."""
