"""The hook that enroll puts: which one, what stays, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.common.model import LifecycleHook
from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK
from chalicelib.policy import environment_source
from chalicelib.policy.settings import Settings
from cli.exit_codes import ExitCode
from cli.hooks import WantedHook, acted_on, hook_to_write, wanted_hook
from cli.problems import Halt
from stories.world import GROUP, Service
from tests.cli.shell import shell

HOOK = LifecycleHook("web", "ecs-drainer", 900, 90_000, "CONTINUE")
STAGE = environment_source({})


def wanted(there: LifecycleHook | None = None, heartbeat: str | None = None, **settings: Any) -> WantedHook:
    """Return the hook that somebody asks for."""
    return wanted_hook("web", "ecs-drainer", there, stage=STAGE, heartbeat=heartbeat, settings=settings)


def test_a_new_hook_lets_the_instance_go_when_its_time_is_over() -> None:
    """ABANDON would stop the group's other hooks at once."""
    assert wanted(deadline="30m").parameters == {
        "AutoScalingGroupName": "web",
        "LifecycleHookName": "ecs-drainer",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "HeartbeatTimeout": 900,
        "DefaultResult": "CONTINUE",
        "NotificationMetadata": '{"deadline": "30m"}',
    }


def test_what_is_not_asked_stays_as_it_is() -> None:
    """PutLifecycleHook changes what it is given; a second enroll must not undo the first one's settings."""
    there = replace(HOOK, heartbeat_timeout_seconds=1800, notification_metadata='{"deadline":"30m"}')
    assert wanted(there).differences(there) == ()
    changed = wanted(there, on_deadline="stop-tasks")
    assert changed.metadata == {"deadline": "30m", "on_deadline": "stop-tasks"}
    assert changed.heartbeat == timedelta(minutes=30)


@pytest.mark.parametrize(
    ("story", "heartbeat", "settings", "said"),
    [
        ("no duration", "soon", {}, "'soon' is not a duration"),
        ("shorter than Auto Scaling takes", "29s", {}, "Auto Scaling takes 30s to 2h"),
        ("longer", "2h1m", {}, "Auto Scaling takes 30s to 2h"),
        (
            "a setting that no drain can read",
            "15m",
            {"deadline": "1 hour"},
            "--deadline: '1 hour' is not a duration such as 90s, 15m, 1h30m",
        ),
        ("a choice there isn't", "15m", {"standalone_tasks": "kill"}, "--standalone-tasks: 'kill'"),
        (
            "ABANDON terminates, unless the group keeps what is abandoned",
            "15m",
            {"on_deadline": "abandon"},
            "as the group's retention policy doesn't keep it",
        ),
        (
            "a heartbeat too short for the deadline",
            "30s",
            {"deadline": "1h"},
            "holds an instance for 50 min at most",
        ),
    ],
)
def test_a_hook_that_would_contradict_itself_is_refused(
    story: str, heartbeat: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(Halt) as refused:
        wanted(heartbeat=heartbeat, **settings)
    assert refused.value.problem.code is ExitCode.USAGE, story
    assert said in refused.value.problem.sentence


def test_abandon_where_the_group_keeps_what_is_abandoned() -> None:
    settings = {"on_deadline": "abandon"}
    hook = wanted_hook("web", "h", None, stage=STAGE, heartbeat=None, settings=settings, retains=True)
    assert hook.metadata == settings


def test_what_is_wrong_with_the_stage_keeps_no_group_from_enrolling() -> None:
    """The doctor complains of that; no hook can mend it."""
    stage = environment_source({"ECS_DRAINER_ON_DEADLINE": "keep", "ECS_DRAINER_DEADLINE": "soon"})
    assert wanted_hook("web", "h", None, stage=stage, heartbeat=None, settings={}).metadata == {}


def test_the_hook_that_the_stage_acts_on_is_the_one_to_change() -> None:
    """A second one beside it would hold instances too, and its settings might never count."""
    other, managed = replace(HOOK, name="backup"), replace(HOOK, name=MANAGED_DRAINING_HOOK)
    all_hooks = [replace(HOOK, name="ecs-drain"), other, managed]
    ours = acted_on(all_hooks, Settings.from_environment({"ECS_DRAINER_HOOKS": "ecs-*"}))
    assert [hook.name for hook in ours] == ["ecs-drain"]
    assert hook_to_write("web", None, ours) == "ecs-drain"
    assert hook_to_write("web", None, ()) == "ecs-drainer"
    assert [hook.name for hook in acted_on(all_hooks, Settings())] == ["ecs-drain", "backup"]


def test_of_several_hooks_somebody_must_say_which() -> None:
    both = (HOOK, replace(HOOK, name="backup"))
    with pytest.raises(Halt) as refused:
        hook_to_write("web", None, both)
    assert "2 terminating hooks of web: backup, ecs-drainer" in refused.value.problem.sentence
    assert "--hook NAME" in refused.value.problem.remedy
    assert hook_to_write("web", "backup", both) == "backup"


def test_an_end_that_no_hook_can_have_is_answered_with_those_it_can() -> None:
    with shell(Service(has_target_group=False), instances=1) as told:
        refused = told.quietly(f"enroll --asg {GROUP} --on-deadline keep")
        assert refused.exit_code == ExitCode.USAGE
        assert "'keep' is for drains without a lifecycle action: expected another end" in refused.output
