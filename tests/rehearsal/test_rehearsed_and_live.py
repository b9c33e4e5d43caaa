"""A rehearsal tells what then happens: the same world is snapshot, let go on live, and rehearsed; both agree."""

from __future__ import annotations

from datetime import timedelta

from rehearsal.comparing import differences
from rehearsal.result import ExitCode, LaneState, Rehearsal
from rehearsal.running import Wanted, rehearse
from rehearsal.scenarios import Kind, Scenario
from rehearsal.snapshot import Snapshot
from stories.world import Service
from tests.rehearsal.worlds import STUCK, grown

SERVICES = (
    Service(desired=40),
    Service(name="api", desired=20, has_target_group=False),
    Service(name="logs", is_daemon=True, has_target_group=False),
    STUCK,
)


def both(
    scenario: Scenario, *services: Service, instances: int = 3, settings: dict[str, str] | None = None
) -> tuple[Rehearsal, Rehearsal, Snapshot]:
    """Return what was rehearsed, what happened live, and the snapshot that was taken before."""
    with grown(*services, instances=instances, settings=settings) as world:
        snapshot = world.snapshot()
        live = world.live(snapshot, scenario)
    return rehearse(Wanted(snapshot, scenario)), live, snapshot


def test_twenty_instances_and_one_service_that_is_stuck() -> None:
    """The blocker, the minute and the remedy are named, and the live run in the same world agrees to the second."""
    scenario = Scenario(Kind.SCALE_IN, 3)
    rehearsed, live, _ = both(scenario, *SERVICES, instances=20, settings={"ECS_DRAINER_DEADLINE": "30m"})
    assert differences(rehearsed, live) == []
    (stuck,) = [one for one in rehearsed.blockers if not one.resolves_itself]
    assert (stuck.kind, stuck.service, stuck.cleared_at) == ("deadlock", "legacy", None)
    assert "update-service --cluster web --service legacy" in stuck.remedy
    (end,) = [one for one in rehearsed.drains if one.outcome == "deadline"]
    assert end.instance == stuck.instance
    assert end.started_at <= stuck.first_seen_at <= end.started_at + timedelta(minutes=1)
    assert end.ended_at == end.started_at + timedelta(minutes=30)
    assert {(one.service, one.why) for one in rehearsed.killed} == {("legacy", "host"), ("logs", "host")}
    assert rehearsed.exit_code == ExitCode.KILLED
    assert [one.outcome for one in rehearsed.drains].count("drained") == 2
    lane = next(one for one in rehearsed.lanes if one.instance == stuck.instance)
    states = [span.state for span in lane.spans]
    assert states[0] is LaneState.IN_SERVICE
    assert states[-1] is LaneState.TERMINATED
    assert LaneState.STUCK in states
    assert all(one.ends_at == after.begins_at for one, after in zip(lane.spans, lane.spans[1:], strict=False))
    below = {one.service: one.below for one in rehearsed.services if one.below}
    assert set(below) == {"legacy"}
    assert below["legacy"][0].fewest == 0
