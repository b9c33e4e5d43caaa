"""What no drain can survive, with its reason: rows of the table that are asserted, not left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One reason: for which trials it holds, and what may break by it."""

    trials: str
    """Matches the whole key of a trial."""
    breaks: str
    """Matches each sentence that may be broken."""
    why: str


WARNINGS = "AWS Health Event|EC2 Spot Instance Interruption Warning|EC2 Instance Rebalance Recommendation"
ROWS = (
    Row(
        r".* \| outage \| 60 min \| sns",
        r"every drain ends: .* ended as AwsUnavailable, .*",
        "SNS is away for longer than the half hour that an ending waits to be told: the instance is let go in time, "
        "and the ledger says so, but the execution fails, so that its alarm rings",
    ),
    Row(
        r".* \| outage \| 60 min \| StartExecution",
        r"every drain ends: .* ended as None, .*",
        "No drain can start for longer than the hook's heartbeat timeout, and without one nobody records heartbeats: "
        "Auto Scaling goes on with the hook's default result; the dead letters ring",
    ),
    Row(
        rf".* \| event \| lost \| ({WARNINGS}).*",
        r"every drain ends: .* ended as None, .*",
        "A warning of EC2 or AWS Health that is lost starts nothing: no lifecycle action waits for an answer, and "
        "nobody can find out that it was given",
    ),
    Row(
        r"deadline-beyond-the-ceiling \| .*",
        r"every drain ends: .* ended as already-done, .*",
        "The hook of this scenario waits for 30 s, which is less than one call that gets no answer, or than a minute "
        "of throttles: its timer ends before a heartbeat is heard. Hooks of 15 minutes have room for both",
    ),
    Row(
        r"abandoned-by-a-sibling-hook \| call \| time-out of the function \| plan_drain: .*",
        r"every drain ends: .* ended as already-over, .*",
        "The sibling hook's ABANDON comes while the plan is tried again: the drain finds its lifecycle action over "
        "before it begins, where it would have found that later",
    ),
    Row(
        r"completed-by-another \| call \| .* \| the machine: autoscaling CompleteLifecycleAction #1",
        r"every drain ends: .* ended as drained, and as already-done without the fault",
        "Where a try of ours had no answer, nobody can tell whether that try or somebody else ended the lifecycle "
        "action: the drain counts it as its own, and the instance goes once all the same",
    ),
)


def expected(key: str, broken: Sequence[str]) -> str:
    """Return why what this trial broke can't hold; empty where nothing broke, or something that must hold."""
    for row in ROWS:
        is_meant = bool(broken) and re.fullmatch(row.trials, key)
        if is_meant and all(re.fullmatch(row.breaks, said) for said in broken):
            return row.why
    return ""
