"""A rehearsal's answer made by hand, with one of everything that an answer can hold: for tests of what reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rehearsal.result import (
    Answer,
    Below,
    Blocked,
    Cost,
    Effort,
    End,
    Event,
    EventKind,
    ExitCode,
    Killed,
    Lane,
    LaneState,
    Lasts,
    Past,
    Point,
    Quota,
    Rehearsal,
    ServiceSeries,
    Span,
    StartUp,
)

BEGAN_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
GOES, STAYS, COMES = "i-00000000000000001", "i-00000000000000002", "i-00000000000000003"


def after(minutes: float) -> datetime:
    """Return an instant of the rehearsal."""
    return BEGAN_AT + timedelta(minutes=minutes)


def _lane(instance: str, *spans: tuple[float, float, LaneState, str], is_new: bool = False) -> Lane:
    return Lane(
        instance,
        "eu-west-1a",
        is_new,
        tuple(Span(after(begins), after(ends), state, words) for begins, ends, state, words in spans),
    )


STUCK_UNTIL_THE_DEADLINE = Rehearsal(
    variant="as it is",
    seed=1,
    began_at=BEGAN_AT,
    ended_at=after(70),
    is_over=True,
    exit_code=ExitCode.KILLED,
    verdict="1 of 1 drains ended at its deadline: 1 task of legacy is killed.",
    lasts=Lasts(
        timedelta(minutes=61),
        timedelta(minutes=60),
        timedelta(minutes=64),
        runs=3,
        start_ups=(
            StartUp("web", 45.0, 30.0, 80.0, "measured", 9),
            StartUp("legacy", 20.0, 20.0, 20.0, "given"),
        ),
    ),
    events=(
        Event(
            after(0), EventKind.AUTO_SCALING, f"lifecycle action of hook ecs-drain begins for {GOES}", GOES
        ),
        Event(after(0), EventKind.INSTANCE, f"{GOES} is set DRAINING", GOES),
        Event(after(2), EventKind.TASK, "task of web is STOPPED: 0a1b2c3d", GOES, "web"),
        Event(after(10), EventKind.NOTICE, f"ecs-drainer: {GOES} is stuck", GOES),
        Event(after(60), EventKind.DRAIN, "the lifecycle action is completed with CONTINUE", GOES),
        Event(after(61), EventKind.AUTO_SCALING, f"{GOES} is terminated", GOES),
    ),
    lanes=(
        _lane(
            GOES,
            (0, 0.1, LaneState.WARNED, ""),
            (0.1, 10, LaneState.DRAINING, "1 task of legacy"),
            (10, 60, LaneState.STUCK, "1 task of legacy"),
            (60, 61, LaneState.CONTINUED, ""),
            (61, 70, LaneState.TERMINATED, ""),
        ),
        _lane(STAYS, (0, 70, LaneState.IN_SERVICE, "")),
        _lane(COMES, (1, 3, LaneState.LAUNCHING, ""), (3, 70, LaneState.IN_SERVICE, ""), is_new=True),
    ),
    services=(
        ServiceSeries("web", False, 2, 4, (Point(after(0), 2, 2, 0, 2), Point(after(1), 3, 2, 1, 2))),
        ServiceSeries(
            "legacy",
            False,
            1,
            1,
            (
                Point(after(0), 1, 1, 0, 1),
                Point(after(61), 0, 0, 1, 1),
                Point(after(62), 1, 1, 0, 1),
            ),
            (Below(after(61), after(62), 0),),
        ),
    ),
    blockers=(
        Blocked(
            instance=GOES,
            service="legacy",
            kind="deadlock",
            headline="Minimum healthy percent and maximum percent leave no room to move a task",
            subject="service legacy",
            reason="minimum healthy percent 100 of 1 is 1, and maximum percent 100 is 1",
            remedy="aws ecs update-service --cluster web --service legacy "
            "--deployment-configuration maximumPercent=200,minimumHealthyPercent=100",
            first_seen_at=after(10),
            cleared_at=after(60),
            tasks=("0123456789abcdef0123456789abcdef",),
        ),
    ),
    killed=(
        Killed(
            "0123456789abcdef0123456789abcdef",
            "legacy",
            GOES,
            after(61),
            "host",
            "not STOPPED when its instance went",
        ),
    ),
    drains=(
        End(
            instance=GOES,
            drain=f"{GOES}-token",
            trigger="lifecycle-action",
            started_at=after(0),
            ended_at=after(60),
            outcome="deadline",
            deadline_at=after(60),
            on_deadline="continue",
            continued_at=after(60),
        ),
    ),
    quotas=(Quota("ecs", "cluster resource reads", 40, 4, burst=100, sustained=20.0),),
    cost=Cost(0.0021, {"transitions": 0.002, "lambda_requests": 0.0001}, 80, 30, 120),
    past=(Past(("web",), 4, timedelta(minutes=5), timedelta(minutes=6)),),
    effort=Effort(1.2, 1.5),
)
"""One service can't move: its drain is stuck, and at the deadline its task dies with its instance."""

AN_ANSWER = Answer(
    cluster="web",
    snapshot_at=BEGAN_AT,
    is_anonymised=False,
    scenario="--scale-in 1",
    variants=(
        STUCK_UNTIL_THE_DEADLINE,
        Rehearsal(
            variant="legacy:max=200",
            seed=1,
            began_at=BEGAN_AT,
            ended_at=after(6),
            is_over=True,
            exit_code=ExitCode.FINE,
            verdict="1 of 1 instances drained in 5 min; nothing is killed.",
            lasts=Lasts(timedelta(minutes=5), timedelta(minutes=5), timedelta(minutes=5), 1),
        ),
    ),
    not_rehearsed=("service web has a deployment circuit breaker: a failed deployment is not rolled back.",),
)
