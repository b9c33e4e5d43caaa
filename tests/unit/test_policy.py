"""Five sources, one policy: who wins, and what becomes of a wrong value."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.errors import InvalidPolicy
from chalicelib.policy import (
    SETTINGS,
    Circumstances,
    DrainPolicy,
    OnDeadline,
    PollSchedule,
    Source,
    Standalone,
    StandaloneTasks,
    environment_source,
    manual_source,
    metadata_source,
    resolve,
    settings_table,
    spot_source,
    tag_source,
)
from chalicelib.trigger import OPTIONAL_TRIGGERS, Trigger

GROUP, HOOK = "workers", "ecs-drain"
HELD = Circumstances(lifecycle_action=True)

VALID: dict[str, list[object]] = {
    "cluster": ["shop", "arn:aws:ecs:eu-west-1:123456789012:cluster/shop"],
    "deadline": ["30m", 1800, "PT2H", "48h"],
    "on_deadline": ["continue", "stop-tasks", "ABANDON-anyway", "undrain"],
    "standalone_tasks": ["wait", "stop", "stop-after 10m", "ignore"],
    "daemons": ["last", "ignore"],
    "dead_agent_after": ["1m", "90s"],
    "poll": ["15s", 60, "5s 60s", "5s to 60s".replace(" to ", "/"), "2s,30s,10m", ["5s", "1m", "5m"]],
    "stuck_after": ["10m", 3600],
    "managed_draining": ["observe", "drain"],
    "notify": ["stage", "none", "arn:aws:sns:eu-west-1:123456789012:drains"],
    "triggers": ["all", "none", "spot-interruption rebalance-recommendation"],
}
WRONG = st.one_of(
    st.sampled_from(
        ["", " ", "soon", "-5s", "kill", "5s 4s", "stop-after", "a b", "arn:aws:sns:x", "0", "49h", "spot"]
    ),
    st.integers(max_value=0),
    st.booleans(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.lists(st.none() | st.text(max_size=3), max_size=2), min_size=1, max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)
NAMES = st.sampled_from([*VALID, "then"])
ANY_SOURCE = st.builds(
    Source,
    st.sampled_from(["the environment", "the tags", "the metadata"]),
    st.dictionaries(
        NAMES | st.text(max_size=12), WRONG | st.sampled_from([*chain.from_iterable(VALID.values())])
    ),
    manual=st.booleans(),
)
VALID_SOURCE = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VALID.items()}
).map(lambda values: Source("a source", values))


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


@pytest.mark.parametrize(
    ("written", "waits"),
    [
        ("15s", (15, 15, 15)),
        ("5s 60s", (5, 60, 300)),
        ("5s 10m", (5, 600, 600)),
        ("2s,30s,10m", (2, 30, 600)),
        ([5, 6, 7], (5, 6, 7)),
    ],
)
def test_a_poll_schedule_is_one_two_or_three_waits(written: object, waits: tuple[int, int, int]) -> None:
    poll = resolve([manual_source({"poll": written, "deadline": "10m"})]).policy.poll
    assert poll == PollSchedule(*(timedelta(seconds=wait) for wait in waits))


@pytest.mark.parametrize("waits", [(0, 1, 2), (2, 1, 3), (1, 3, 2)])
def test_waits_that_are_zero_or_shrink_are_no_schedule(waits: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="must not be zero and must not shrink"):
        PollSchedule(*(timedelta(seconds=wait) for wait in waits))


def test_waits_may_grow_to_the_longest_after_two_hours() -> None:
    poll = DrainPolicy.default().poll
    waits = [poll.longest_wait(timedelta(hours=age)).total_seconds() for age in (0, 1.9, 2, 47)]
    assert waits == [60, 60, 300, 300]


def test_48_hours_of_nothing_cost_few_enough_looks() -> None:
    """An execution's history holds 25,000 events, and a look costs up to 14."""
    assert DrainPolicy.default().poll.looks_within(timedelta(hours=48)) == 672


@pytest.mark.parametrize("after", [None, timedelta(minutes=1)])
def test_a_standalone_policy_takes_a_duration_for_stop_after_and_only_there(after: timedelta | None) -> None:
    with pytest.raises(ValueError, match="stop-after needs a duration"):
        StandaloneTasks(Standalone.STOP if after else Standalone.STOP_AFTER, after)


@pytest.mark.parametrize("trigger", list(Trigger))
def test_warnings_need_consent_and_people_and_hooks_do_not(trigger: Trigger) -> None:
    none, all_ = (resolve([manual_source({"triggers": word})]).policy for word in ("none", "all"))
    assert none.admits(trigger) is (trigger not in OPTIONAL_TRIGGERS)
    assert all_.admits(trigger)
    assert DrainPolicy.default().admits(trigger) is (trigger not in OPTIONAL_TRIGGERS[1:])


@given(st.lists(ANY_SOURCE, max_size=5), st.sampled_from([None, HELD, Circumstances(lifecycle_action=False)]))
def test_no_sources_whatever_fail_a_drain(sources: list[Source], circumstances: Circumstances | None) -> None:
    resolved = resolve(sources, circumstances)
    assert set(resolved.sources) == {field.name for field in fields(DrainPolicy)}
    assert timedelta(seconds=30) <= resolved.policy.deadline <= timedelta(hours=48)


@given(st.lists(VALID_SOURCE, max_size=4), NAMES, WRONG, st.integers(0, 4))
def test_a_wrong_value_never_changes_the_policy(
    sources: list[Source], name: str, value: object, place: int
) -> None:
    assume(is_wrong(name, value))
    spoilt = [*sources[:place], Source("a spoilt source", {name: value}), *sources[place:]]
    before, after = resolve(sources, HELD), resolve(spoilt, HELD)
    assert after.policy == before.policy
    told = [notice for notice in after.notices if "a spoilt source" in notice]
    hidden_by_a_higher_one = after.sources[name] != "built-in default"
    assert told or hidden_by_a_higher_one or value is None
    assert len(after.notices) == len(before.notices) + len(told)


def is_wrong(name: str, value: object) -> bool:
    """Whether the setting's own parser refuses the value; `then` is wrong in any source but a manual one."""
    try:
        next(setting for setting in SETTINGS if setting.name == name).parse(value)
    except ValueError:
        return True
    return name == "then"


@given(st.lists(VALID_SOURCE | ANY_SOURCE, max_size=4))
def test_the_state_machine_carries_a_policy_and_gives_it_back(sources: list[Source]) -> None:
    policy = resolve(sources).policy
    assert DrainPolicy.from_state(json.loads(json.dumps(policy.to_state()))) == policy


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"deadline_seconds": "soon"}, "deadline_seconds of the state's policy: 'soon' is not a duration"),
        ({"poll": None}, "poll of the state's policy: None is no schedule"),
    ],
)
def test_a_policy_that_was_edited_in_flight_is_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidPolicy) as refusal:
        DrainPolicy.from_state({**DrainPolicy.default().to_state(), **change})
    assert sentence in str(refusal.value)


def test_a_policy_with_a_setting_missing_is_refused() -> None:
    with pytest.raises(InvalidPolicy, match="lacks cluster"):
        DrainPolicy.from_state({})


def test_every_field_of_the_policy_is_a_row_of_the_table_and_a_row_of_the_documentation() -> None:
    rows = [line.split("`")[1] for line in settings_table().splitlines()[2:]]
    assert rows == [setting.name for setting in SETTINGS] == [field.name for field in fields(DrainPolicy)]
