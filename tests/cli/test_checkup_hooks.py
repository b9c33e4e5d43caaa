"""What the doctor says of hooks beside one another, and of ends that a drain held by a hook can't have."""

from __future__ import annotations

import pytest

from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK
from cli.checkup import complaints
from cli.checkup_found import Group, Level
from tests.cli.test_checkup import WELL, a_group, a_hook, environment

E, W = Level.ERROR, Level.WARNING
MANAGED = a_hook(MANAGED_DRAINING_HOOK, heartbeat=3600)

GROUPS: list[tuple[str, Group, list[tuple[Level, str]]]] = [
    ("ABANDON where the group keeps the instance then", a_group(a_hook(result="ABANDON"), retains=True), []),
    (
        "two hooks of ours say different things",
        a_group(a_hook(), a_hook("ecs-drain", metadata='{"deadline": "30m"}')),
        [(W, "2 terminating hooks with different settings (ecs-drainer, ecs-drain)")],
    ),
    (
        "two hooks of ours say the same: a drain answers one of them",
        a_group(a_hook(), a_hook("ecs-drain", heartbeat=1800)),
        [
            (
                W,
                "2 terminating hooks (ecs-drainer, ecs-drain): a drain answers one of them, and the rest hold each",
            )
        ],
    ),
    (
        "somebody else's hook beside ours holds every termination",
        a_group(a_hook(), a_hook("backup"), settings=environment(HOOKS="ecs-drain*")),
        [(W, "hook backup: unless somebody else completes that, it holds each termination for 15 min")],
    ),
    ("ECS's own hook beside ours is completed by ECS", a_group(a_hook(), MANAGED), []),
    (
        "the metadata would keep what Auto Scaling takes",
        a_group(a_hook(metadata='{"on_deadline": "keep"}')),
        [(E, "'keep' is for drains without a lifecycle action")],
    ),
    (
        "so would the group's tag",
        a_group(a_hook(), tags={"ecs-drainer:on_deadline": "keep"}),
        [(E, "'keep' is for drains without a lifecycle action")],
    ),
    (
        "or the stage",
        a_group(a_hook(), settings=environment(ON_DEADLINE="keep")),
        [(E, "ECS_DRAINER_ON_DEADLINE")],
    ),
    (
        "the tag is for drains by hand, the hook says better",
        a_group(a_hook(metadata='{"on_deadline": "stop-tasks"}'), tags={"ecs-drainer:on_deadline": "keep"}),
        [],
    ),
    (
        "abandoned where the group terminates what is abandoned",
        a_group(a_hook(metadata='{"on_deadline": "abandon"}')),
        [(E, "as the group's retention policy doesn't keep it")],
    ),
    (
        "abandoned where the group keeps it",
        a_group(a_hook(metadata='{"on_deadline": "abandon"}'), retains=True),
        [],
    ),
]


@pytest.mark.parametrize(("story", "group", "expected"), GROUPS, ids=[row[0] for row in GROUPS])
def test_hooks(story: str, group: Group, expected: list[tuple[Level, str]]) -> None:
    found = complaints(WELL, [group])
    assert [one.level for one in found] == [level for level, _ in expected], story
    assert all(part in one.sentence for one, (_, part) in zip(found, expected, strict=True))
    assert all(one.remedy for one in found), "a complaint without a remedy helps nobody"


def test_the_stages_impossible_end_is_mended_in_the_stage() -> None:
    (complaint,) = complaints(WELL, [a_group(a_hook(), settings=environment(ON_DEADLINE="keep"))])
    assert "environment_variables" in complaint.remedy
