"""A deadline that a person extends: another execution goes on with the drain, and with all that is owed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.gateways.ledger import read_record
from cli import executions
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.extending import extend, extended_to, later_request, latest_of, read_extension, refusal
from cli.problems import Halt
from embedded_aws.clients import client
from stories.world import GROUP, Hook, Service
from tests.cli.shell import shell

STUCK = Service(name="legacy", desired=3, minimum_percent=100, maximum_percent=100, has_target_group=False)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
MINUTES = timedelta(minutes=1)


def state(**changed: Any) -> dict[str, Any]:
    """Return a drain's state as far as an extension reads it."""
    drain = {"trigger": "lifecycle-action", "policy": {"on_deadline": "continue"}, "ceiling_at": None}
    whole: dict[str, dict[str, Any]] = {
        "drain": drain,
        "deadline": {"at": "2026-03-02T11:00:00Z"},
        "stopped": {"asked": []},
    }
    return {**whole, **{name: {**whole[name], **value} for name, value in changed.items()}}


@pytest.mark.parametrize(
    ("story", "name", "known", "said"),
    [
        ("it is not planned yet", "i-1-manual-1", {}, "being planned"),
        ("a fleet waits for this execution", "i-1-fleet-20260302T100300Z", state(), "fleet"),
        ("ECS drains it", "i-1-managed-1", state(drain={"trigger": "managed-draining"}), "ECS drains it"),
        (
            "a Spot notice",
            "i-1-spot-1",
            state(drain={"gone_at": "2026-03-02T10:02:00Z"}),
            "takes the instance away",
        ),
        (
            "the deadline is over",
            "i-1-manual-1",
            state(deadline={"at": "2026-03-02T09:59:00Z"}),
            "it has passed",
        ),
        (
            "its tasks are being stopped",
            "i-1-manual-1",
            state(drain={"policy": {"on_deadline": "stop-tasks"}}, stopped={"asked": ["arn"]}),
            "being stopped already",
        ),
    ],
)
def test_some_deadlines_are_nobodys_to_extend(
    story: str, name: str, known: Mapping[str, Any], said: str
) -> None:
    assert said in (
        refusal(f"arn:aws:states:eu-west-1:1:execution:ecs-drainer-dev:{name}", known, NOW) or ""
    ), story


def test_others_are() -> None:
    assert refusal("arn:execution:i-1-manual-1", state(), NOW) is None


def test_what_the_hook_leaves_is_the_latest() -> None:
    """`min(48 h, 100 x HeartbeatTimeout)` from when Auto Scaling began to hold the instance; a margin is kept."""
    assert latest_of(state()) is None
    held = state(drain={"ceiling_at": "2026-03-02T12:00:00Z"})
    assert latest_of(held) == NOW + 118 * MINUTES
    stops = {"ceiling_at": "2026-03-02T12:00:00Z", "policy": {"on_deadline": "stop-tasks"}}
    assert latest_of(state(drain=stops)) == NOW + 116 * MINUTES


def test_the_request_stays_but_for_its_deadline_and_the_token() -> None:
    """Without the token the first heartbeat is recorded at once: the hook's timer runs since the last one."""
    action = {"auto_scaling_group": "web", "hook": "ecs-drain", "token": "a" * 36, "destination": "EC2"}
    asked = {
        "instance_id": "i-0123456789abcdef0",
        "trigger": "lifecycle-action",
        "lifecycle_action": action,
        "settings": {"standalone_tasks": "stop", "deadline": "1h"},
        "reason": "scaled in",
    }
    later = later_request(asked, 90 * MINUTES, "user/jane extends it: a long batch")
    assert later.lifecycle_action
    assert later.lifecycle_action.token is None
    assert later.lifecycle_action.hook == "ecs-drain"
    assert later.settings == {"standalone_tasks": "stop", "deadline": "5400s"}
    assert later.reason == "scaled in; user/jane extends it: a long batch"


def test_a_lifecycle_action_is_answered_by_the_drain_that_goes_on() -> None:
    with shell(STUCK, hook=Hook(heartbeat_timeout=900)) as world:
        doomed = world.ids[0]
        world.world.terminate(doomed)
        world.sleep(600)
        desk = Desk(world.edge())
        before = read_extension(desk, doomed)
        assert before.latest_at
        with pytest.raises(Halt, match="no longer than until"):
            extended_to(before, before.latest_at - before.deadline_at + MINUTES)
        world.aws.requests.clear()
        new = extend(desk, before, 60 * MINUTES, "a long batch")
        world.sleep(60)
        after = read_extension(desk, doomed)
        assert after.found.execution == new
        assert abs(after.deadline_at - before.deadline_at - 60 * MINUTES) < timedelta(seconds=2)
        beats = [
            call for call in world.aws.requests.calls if call.operation == "RecordLifecycleActionHeartbeat"
        ]
        assert len(beats) == 1, "the hook's timer starts anew at once"
        old = read_record(desk.installation.ledger, before.found.execution.rsplit(":", 1)[-1])
        assert old
        assert (old.status, old.taken_over_by) == ("taken-over", new)
        assert after.latest_at, "the hook's time is counted from when Auto Scaling began to hold the instance"
        assert abs(after.latest_at - before.latest_at) < timedelta(seconds=2)
        newer = extend(desk, after, 10 * MINUTES, "still")
        world.sleep(60)
        assert abs(_latest(desk, doomed) - before.latest_at) < timedelta(seconds=2)
        client("ecs").update_service(
            cluster="web", service="legacy", deploymentConfiguration={"maximumPercent": 200}
        )
        world.sleep(900)
        ended = executions.describe(newer)
        assert ended
        assert json.loads(ended.output)["outcome"]["name"] == "drained"
        (left,) = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])[
            "AutoScalingGroups"
        ]
        assert doomed not in {each["InstanceId"] for each in left["Instances"]}, "CONTINUE was sent"
        completed = [call for call in world.aws.requests.calls if call.operation == "CompleteLifecycleAction"]
        assert [call.error for call in completed] == [None]


def _latest(desk: Desk, instance_id: str) -> datetime:
    latest = read_extension(desk, instance_id).latest_at
    assert latest
    return latest


def test_one_that_ended_meanwhile_is_not_begun_again() -> None:
    with shell(Service(name="web", desired=3, has_target_group=False)) as world:
        world.quietly(f"drain {world.ids[0]} --yes --detach")
        world.sleep(20)
        desk = Desk(world.edge())
        asked = read_extension(desk, world.ids[0])
        world.sleep(600)
        with pytest.raises(Halt, match="ended by itself a moment before") as refused:
            extend(desk, asked, 30 * MINUTES, "-")
        assert refused.value.problem.code is ExitCode.NOT_FOUND
        assert executions.running(desk.installation.state_machine) == []


def test_a_drain_of_nothing_cannot_be_extended() -> None:
    with shell(STUCK) as world, pytest.raises(Halt, match=r"No drain of .* is open"):
        read_extension(Desk(world.edge()), world.ids[0])
