"""Five sources, one policy: who wins, and what becomes of a wrong value."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.policy import (
    Circumstances,
    OnDeadline,
    Source,
    environment_source,
    manual_source,
    metadata_source,
    resolve,
    spot_source,
    tag_source,
)

GROUP, HOOK = "workers", "ecs-drain"
HELD = Circumstances(lifecycle_action=True)


def five_sources(**values: Any) -> list[Source]:
    """Return the sources of a drain, each but the last one lower giving `deadline`, as far as asked for."""
    return [
        environment_source({"ECS_DRAINER_DEADLINE": values.get("environment", "")}),
        tag_source({"ecs-drainer:deadline": values["tag"]} if "tag" in values else {}, GROUP),
        metadata_source(json.dumps({"deadline": values["metadata"]}) if "metadata" in values else None, HOOK),
        manual_source({"deadline": values["manual"]} if "manual" in values else {}),
    ]


@pytest.mark.parametrize(
    ("values", "minutes", "source"),
    [
        ({}, 60, "built-in default"),
        ({"environment": "1m"}, 1, "the stage's environment"),
        ({"environment": "1m", "tag": "2m"}, 2, "tags of Auto Scaling group workers"),
        ({"environment": "1m", "tag": "2m", "metadata": "3m"}, 3, "NotificationMetadata of hook ecs-drain"),
        ({"environment": "1m", "tag": "2m", "metadata": "3m", "manual": "4m"}, 4, "the manual request"),
        ({"environment": "1m", "manual": "4m"}, 4, "the manual request"),
    ],
)
def test_the_highest_source_that_says_anything_wins(
    values: dict[str, str], minutes: int, source: str
) -> None:
    resolved = resolve(five_sources(**values), HELD)
    assert resolved.policy.deadline == timedelta(minutes=minutes)
    assert (resolved.sources["deadline"], resolved.notices) == (source, ())


def test_a_typo_leaves_the_next_lower_value_and_says_so() -> None:
    resolved = resolve(five_sources(environment="20m", tag="2 hours", metadata="1x"), HELD)
    assert resolved.policy.deadline == timedelta(minutes=20)
    assert [notice.split(":")[0] for notice in resolved.notices] == [
        "deadline in NotificationMetadata of hook ecs-drain",
        "ecs-drainer",
    ]
    assert "'1x' is not a duration such as 90s" in resolved.notices[0]
    assert resolved.notices[1].startswith(
        "ecs-drainer:deadline in tags of Auto Scaling group workers: '2 hours' is not"
    )
    assert resolved.notices[1].endswith("; 20 min from the stage's environment stands.")


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        (
            [tag_source({"ecs-drainer:dead-line": "1h"}, GROUP)],
            "'ecs-drainer:dead-line' in tags of Auto Scaling group workers is no setting (did you mean deadline?)",
        ),
        (
            [environment_source({"ECS_DRAINER_PATIENCE": "1"})],
            "'ECS_DRAINER_PATIENCE' in the stage's environment is no setting; ignored.",
        ),
        (
            [metadata_source("web cluster", HOOK)],
            "NotificationMetadata of hook ecs-drain is 'web cluster', which is no JSON object",
        ),
        ([metadata_source("[" * 4000, HOOK)], "which is no JSON object"),
        ([metadata_source("[]", HOOK)], "which is no JSON object"),
        (
            [tag_source({"ecs-drainer:then": "terminate"}, GROUP)],
            "ecs-drainer:then in tags of Auto Scaling group workers is for manual requests only",
        ),
        (
            [tag_source({"ecs-drainer:stuck-after": "5m", "ecs-drainer:stuck_after": "6m"}, GROUP)],
            "ecs-drainer:stuck-after in tags of Auto Scaling group workers counts for nothing beside",
        ),
        (
            [tag_source({"ecs-drainer:poll": "1s"}, GROUP), manual_source({"deadline": "48h"})],
            "172,800 looks until the deadline: expected at most 1,200",
        ),
    ],
)
def test_what_can_not_be_used_is_named(sources: list[Source], sentence: str) -> None:
    assert any(sentence in notice for notice in resolve(sources).notices)


def test_other_tags_and_variables_are_none_of_ours() -> None:
    sources = [
        environment_source(
            {"AWS_REGION": "eu-west-1", "ECS_DRAINER_CLUSTERS": "shop", "ECS_DRAINER_POLL": " "}
        ),
        tag_source({"Name": "worker", "deadline": "1s"}, GROUP),
    ]
    assert resolve(sources) == resolve([])


@pytest.mark.parametrize(
    ("wanted", "circumstances", "outcome", "sentence"),
    [
        ("abandon", Circumstances(lifecycle_action=True, retained_on_abandon=True), "abandon", None),
        ("abandon", HELD, "continue", "the group's retention policy doesn't keep it"),
        ("abandon-anyway", HELD, "abandon", None),
        ("abandon-anyway", Circumstances(lifecycle_action=False), "continue", "needs a lifecycle action"),
        ("keep", HELD, "continue", "'keep' is for drains without a lifecycle action"),
        ("keep", Circumstances(lifecycle_action=False), "keep", None),
        ("abandon-anyway", None, "abandon-anyway", None),
    ],
)
def test_an_end_that_this_drain_can_not_have_is_refused(
    wanted: str, circumstances: Circumstances | None, outcome: str, sentence: str | None
) -> None:
    """ABANDON terminates too, and stops sibling hooks, unless the group's retention policy keeps the instance."""
    resolved = resolve([manual_source({"on_deadline": wanted})], circumstances)
    assert resolved.policy.on_deadline == OnDeadline(outcome)
    assert [sentence in notice for notice in resolved.notices if sentence] == ([True] if sentence else [])
    assert bool(resolved.notices) is bool(sentence)


def test_a_spot_interruption_stops_tasks_in_time_whatever_the_tags_say() -> None:
    tags = tag_source({"ecs-drainer:on-deadline": "abandon", "ecs-drainer:deadline": "48h"}, GROUP)
    policy = resolve([tags, spot_source()], Circumstances(lifecycle_action=False)).policy
    assert (policy.on_deadline, policy.deadline) == (OnDeadline.STOP_TASKS, timedelta(minutes=2))
    assert policy.poll.mid == timedelta(seconds=5)


def test_a_source_is_told_on_one_harmless_line() -> None:
    """An execution may be started with any input: what names it brings are not what a terminal obeys."""
    sources = (metadata_source("[]", "h\x1b]0;x\x07\n2"), tag_source({}, "g\x1b[2J\rweb"))
    assert [source.name for source in sources] == [
        "NotificationMetadata of hook h\\u001b]0;x\\u0007 2",
        "tags of Auto Scaling group g\\u001b[2J web",
    ]
