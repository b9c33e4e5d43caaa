"""Properties of the policy: no source can fail a drain, and no wrong value can change one."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from itertools import chain

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.common.errors import InvalidPolicy
from chalicelib.policy import SETTINGS, Circumstances, DrainPolicy, Source, resolve, settings_table

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
