"""A rehearsal tells what then happens: the same world is snapshot, let go on live, and rehearsed; both agree."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rehearsal.comparing import differences
from rehearsal.result import ExitCode, LaneState, Rehearsal
from rehearsal.running import Wanted, rehearse
from rehearsal.scenarios import Kind, Scenario
from rehearsal.snapshot import Snapshot
from stories.world import Service
from tests.rehearsal.worlds import STUCK, changed, grown

pytestmark = pytest.mark.slow

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
    assert states[0] is LaneState.WARNED
    assert states[-1] is LaneState.TERMINATED
    assert LaneState.STUCK in states
    assert all(one.ends_at == after.begins_at for one, after in zip(lane.spans, lane.spans[1:], strict=False))
    below = {one.service: one.below for one in rehearsed.services if one.below}
    assert set(below) == {"legacy"}
    assert below["legacy"][0].fewest == 0


def test_an_instance_refresh_that_launches_first() -> None:
    """100 % healthy at least and 150 % at most: a batch goes once its replacements are in Auto Scaling's service."""
    scenario = Scenario(Kind.INSTANCE_REFRESH, min_healthy=100, max_healthy=150)
    rehearsed, live, _ = both(scenario, Service(desired=6), instances=4)
    assert differences(rehearsed, live) == []
    assert rehearsed.exit_code == ExitCode.FINE
    assert sum(lane.is_new for lane in rehearsed.lanes) == 4
    (web,) = rehearsed.services
    assert web.below == ()
    first_new = next(lane for lane in rehearsed.lanes if lane.is_new)
    assert first_new.spans[0].state is LaneState.LAUNCHING
    assert first_new.spans[0].begins_at < min(end.started_at for end in rehearsed.drains)


def test_an_instance_refresh_within_both_bounds() -> None:
    """50 % and 150 %: one batch terminates two of four as theirs are launched, and two once theirs are in service."""
    scenario = Scenario(Kind.INSTANCE_REFRESH, min_healthy=50, max_healthy=150)
    rehearsed, live, _ = both(scenario, Service(desired=6), instances=4)
    assert differences(rehearsed, live) == []
    begun = sorted(end.started_at for end in rehearsed.drains)
    assert begun[0] == begun[1]
    assert begun[1] < begun[2] == begun[3]


def test_all_instances_at_once() -> None:
    """Every instance but one goes at the same instant: services start again on what is left, then spread."""
    scenario = Scenario(Kind.AT_ONCE, 3)
    rehearsed, live, _ = both(scenario, Service(desired=6, minimum_percent=50), instances=4)
    assert differences(rehearsed, live) == []
    assert len(rehearsed.drains) == 3


def test_named_instances_with_a_standalone_task() -> None:
    with grown(Service(), instances=3) as world:
        task = Service(name="nightly", has_target_group=False, labels={"exits-after": "400"})
        world.world.start_task(world.instances[1], task)
        world.world.wait(100)
        snapshot = world.snapshot()
        scenario = Scenario(Kind.INSTANCES, instances=(world.instances[1],))
        live = world.live(snapshot, scenario)
    rehearsed = rehearse(Wanted(snapshot, scenario))
    assert differences(rehearsed, live) == []
    (end,) = rehearsed.drains
    assert end.took is not None
    assert timedelta(seconds=300) < end.took < timedelta(seconds=330), "400 s, of which 100 had passed"


def test_a_spot_storm_takes_a_share_after_two_minutes() -> None:
    """EC2 takes the instances after two minutes whatever holds them, so that slow tasks are stopped or killed."""
    slow = Service(
        name="slow", desired=4, has_target_group=False, labels={"stops-after": "100"}, stop_timeout=110
    )
    with grown(Service(), slow, instances=4) as world:
        snapshot = of_spot(world.snapshot())
        scenario = Scenario(Kind.SPOT_STORM, 50)
        live = world.live(snapshot, scenario)
    rehearsed = rehearse(Wanted(snapshot, scenario))
    assert differences(rehearsed, live) == []
    gone = {lane.instance for lane in rehearsed.lanes if lane.spans[-1].state is LaneState.TERMINATED}
    assert len(gone) == 2
    assert {end.trigger for end in rehearsed.drains if end.instance in gone} >= {"spot-interruption"}


def of_spot(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with Spot Instances; interrupted is whoever is told so, in the embedded AWS as well."""
    spot = [{**each, "InstanceLifecycle": "spot"} for each in snapshot.document["ec2_instances"]]
    return changed(snapshot, ec2_instances=spot)
