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
        r"(manual-drain-.*|managed-draining-watched) \| outage \| (10|60) min \| StartExecution",
        r"every drain ends: .* ended as None, .*",
        "What a person asks for, or what begins a watch of ECS's own draining, is tried for three minutes by Lambda, "
        "and no lifecycle action waits by which the reconciler would find it: the dead letter rings, and the person "
        "asks again",
    ),
    Row(
        r"spot-interruption.* \| outage \| .* \| (ecs|dynamodb|lambda|StartExecution)",
        r"every drain ends: .* ended as (None|nothing-to-drain|AwsUnavailable|Lambda.TooManyRequestsException), .*",
        "EC2 takes a Spot instance after two minutes, whoever is away: what could not be asked for until then can't be "
        "done any more, and a drain that comes later finds the instance gone",
    ),
    Row(
        r"(manual-drain-kept|deadline-stop-tasks|managed-draining-watched|a-task-signs-off) \| outage "
        r"\| 60 min \| (ecs|dynamodb|lambda)",
        r"every drain ends: .* ended as (AwsUnavailable|Lambda.TooManyRequestsException|deadline), .*",
        "The outage lasts until after the drain's own deadline, of 15 minutes to an hour: what is to be done then, or "
        "before, can't be. The drain fails, its alarm rings, and a hook goes on with its default result; or, where a "
        "gate opens too late, the deadline's own action follows",
    ),
    Row(
        r"(spot-interruption|warm-pool-return) \| outage \| 60 min \| autoscaling",
        r"every drain ends: .* ended as already-over, .*",
        "Auto Scaling hears no heartbeat for longer than the hook's timeout, ends the lifecycle action by itself, and "
        "goes on to the next: a drain of that one finds it over as well",
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
        r"lifecycle-action-then-spot-interruption \| call \| (throttled|5xx) for 60 s \| .*lambda Invoke.*",
        r"every drain ends: .* ended as nothing-to-drain, and as drained without the fault",
        "Lambda is away for a minute, which is longer than this scenario's hook waits, and half of a Spot notice: the "
        "timer ends before a heartbeat is heard, and the drain that the notice begins finds the instance gone",
    ),
    Row(
        r".* \| event \| late by 10 min \| EC2 Instance-terminate Lifecycle Action.*",
        r"every drain ends: .* ended as already-over, and as drained without the fault",
        "The drain that the reconciler began has drained the instance and let it go by then: the one that the late "
        "event begins finds the lifecycle action over",
    ),
    Row(
        r"spot-instance-taken-.* \| call \| denied for good \| the machine: lambda Invoke explain .*",
        r"a lasting fault is told: the fault lasts, and nobody is told",
        "That nothing could be explained is said in the notice for which it was asked; EC2 takes the instance before "
        "there is one, and the drain ends as it would have",
    ),
    Row(
        r"terminated-by-hand-in-mid-drain \| (call \| .* \| .*(start_drain|plan_drain).*|event \| lost \| .*)",
        r"every drain ends: .* ended as nothing-to-drain, and as drained without the fault",
        "The drain begins after a person has terminated the instance: there is nothing left to drain",
    ),
    Row(
        r"set-active-by-a-person \| call \| .* \| .*(start_drain|plan_drain).*",
        r"every drain ends: .* ended as deadline, and as taken-back without the fault",
        "The person sets the instance ACTIVE before the drain has begun: it sets DRAINING after that, as it was asked",
    ),
    Row(
        r"set-active-while-the-agent-is-away \| call \| denied for good \| .*",
        r"continue is never early: .*",
        "The drain that the person takes back has failed by then. The reconciler begins another once access is granted "
        "again, and by then the agent has been away for longer than five minutes: the instance is given up as lost",
    ),
    Row(
        r"deregistered-in-mid-drain \| call \| .* \| .*plan_drain.*",
        r"every drain ends: .* ended as nothing-to-drain, and as drained without the fault",
        "The plan is tried again until after a person has deregistered the container instance, half a minute later: no "
        "cluster knows it any more, and there is nothing left to drain",
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
