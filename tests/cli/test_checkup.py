"""What the doctor complains of, rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK
from chalicelib.findings import AutoScalingGroup
from chalicelib.model import LifecycleHook
from chalicelib.settings import Settings
from cli.checkup import Deployed, Group, Level, complaints

WELL = Deployed(stage="dev", rules={"start_drain": "ENABLED", "reconcile": "ENABLED"})


def a_hook(
    name: str = "ecs-drainer", heartbeat: int = 900, result: str = "CONTINUE", metadata: str | None = None
) -> LifecycleHook:
    """Return a terminate hook of group `web`."""
    return LifecycleHook("web", name, heartbeat, min(100 * heartbeat, 172_800), result, metadata)


def a_group(
    *hooks: LifecycleHook, tags: dict[str, str] | None = None, retains: bool = False, **fields: Any
) -> Group:
    """Return group `web` with these hooks."""
    return Group(group=AutoScalingGroup("web", tags or {}, retains, {}), hooks=hooks, **fields)


def environment(**variables: str) -> Settings:
    """Return a stage's settings."""
    return Settings.from_environment({f"ECS_DRAINER_{name}": value for name, value in variables.items()})


MANAGED = a_hook(MANAGED_DRAINING_HOOK, heartbeat=3600)
E, W = Level.ERROR, Level.WARNING

GROUPS: list[tuple[str, Group, list[tuple[Level, str]]]] = [
    ("all is well", a_group(a_hook()), []),
    (
        "no hook at all",
        a_group(),
        [(E, "it has no terminate hook: its instances are terminated with their tasks")],
    ),
    (
        "somebody else's hook only",
        a_group(a_hook("backup"), settings=environment(HOOKS="ecs-drain*")),
        [(E, "it has only backup, which this stage leaves alone")],
    ),
    (
        "ECS drains it and nobody else does: no hook of ours is needed",
        a_group(MANAGED, managed_draining_by="cp"),
        [(W, "managed draining of capacity provider cp is on")],
    ),
    (
        "ECS drains it, and we were told to as well",
        a_group(a_hook(), managed_draining_by="cp", tags={"ecs-drainer:managed_draining": "drain"}),
        [],
    ),
    (
        "30 s of heartbeat hold 50 minutes, which is less than the default deadline",
        a_group(a_hook(heartbeat=30)),
        [(E, "holds an instance for 50 min at most, and the deadline is 1 h")],
    ),
    (
        "the hook's own metadata asks for less",
        a_group(a_hook(heartbeat=30, metadata='{"deadline": "30m"}')),
        [],
    ),
    (
        "the group's tag asks for more",
        a_group(a_hook(heartbeat=300), tags={"ecs-drainer:deadline": "10h"}),
        [(E, "holds an instance for 8 h 20 min at most, and the deadline is 10 h")],
    ),
    (
        "ABANDON ends other hooks",
        a_group(a_hook(result="ABANDON")),
        [(W, "has the default result ABANDON")],
    ),
    (
        "ABANDON ends ECS's own hook",
        a_group(a_hook(result="ABANDON"), MANAGED),
        [(E, f"ends ECS's own {MANAGED_DRAINING_HOOK} too")],
    ),
    ("ABANDON where the group keeps the instance then", a_group(a_hook(result="ABANDON"), retains=True), []),
    (
        "a tag with a typo",
        a_group(a_hook(), tags={"ecs-drainer:dedline": "1h"}),
        [(E, "is no setting (did you mean")],
    ),
    (
        "metadata that is no JSON",
        a_group(a_hook(metadata="team=web")),
        [(E, "which is no JSON object")],
    ),
    (
        "the agent drains at Spot interruptions too",
        a_group(
            a_hook(), user_data="echo 'ECS_ENABLE_SPOT_INSTANCE_DRAINING=\"true\"' >> /etc/ecs/ecs.config"
        ),
        [(W, "both set DRAINING at a Spot interruption")],
    ),
    (
        "the agent does, and we don't",
        a_group(
            a_hook(),
            user_data="ECS_ENABLE_SPOT_INSTANCE_DRAINING=true",
            tags={"ecs-drainer:triggers": "none"},
        ),
        [],
    ),
]


@pytest.mark.parametrize(("story", "group", "expected"), GROUPS, ids=[row[0] for row in GROUPS])
def test_groups(story: str, group: Group, expected: list[tuple[Level, str]]) -> None:
    found = complaints(WELL, [group])
    assert [one.level for one in found] == [level for level, _ in expected], story
    assert all(part in one.sentence for one, (_, part) in zip(found, expected, strict=True))
    assert all(one.remedy for one in found), "a complaint without a remedy helps nobody"


STAGES: list[tuple[str, Deployed, list[tuple[Level, str]]]] = [
    ("all is well", WELL, []),
    (
        "nothing is deployed",
        Deployed(stage="dev", has_state_machine=False),
        [(E, "nothing is deployed here")],
    ),
    (
        "a function was deleted",
        replace(WELL, missing_functions=("ecs-drainer-dev-look",)),
        [(E, "ecs-drainer-dev-look is missing")],
    ),
    (
        "a rule is off",
        replace(WELL, rules={"start_drain": "DISABLED", "reconcile": "missing"}),
        [
            (E, "of start_drain is disabled: lifecycle events start no drain"),
            (E, "of reconcile is missing: lost events"),
        ],
    ),
    ("no ledger", replace(WELL, has_ledger=False), [(E, "every drain fails")]),
    ("dead letters wait", replace(WELL, dead_letters=2), [(W, "2 events could not be handled")]),
    ("no queue for them", replace(WELL, dead_letters=None), [(W, "events that fail are lost")]),
    (
        "the environment has a typo",
        replace(WELL, settings=environment(DEADLINE="1 hour")),
        [(E, "ECS_DRAINER_DEADLINE")],
    ),
    (
        "a cluster is unknown",
        replace(WELL, unknown_clusters=("wbe",)),
        [(E, "names wbe, and there is no such cluster")],
    ),
    (
        "something may not be read",
        replace(WELL, unread=("DescribeRule was answered with AccessDenied",)),
        [(W, "could not be checked")],
    ),
]


@pytest.mark.parametrize(("story", "deployed", "expected"), STAGES, ids=[row[0] for row in STAGES])
def test_stages(story: str, deployed: Deployed, expected: list[tuple[Level, str]]) -> None:
    found = complaints(deployed, [])
    assert [one.level for one in found] == [level for level, _ in expected], story
    assert all(part in one.sentence for one, (_, part) in zip(found, expected, strict=True))


def test_errors_come_first_and_a_stages_typo_is_told_once() -> None:
    settings = environment(DEADLINE="1 hour")
    groups = [a_group(a_hook(result="ABANDON"), settings=settings), a_group(settings=settings)]
    found = complaints(replace(WELL, settings=settings, dead_letters=1), groups)
    assert [one.level for one in found] == [E, E, W, W]
    assert sum("ECS_DRAINER_DEADLINE" in one.sentence for one in found) == 1
