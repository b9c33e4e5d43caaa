"""What a person may ask for, and how a mistake is answered: at once, and with the remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.common.errors import InvalidInput, InvalidRequest
from chalicelib.events import (
    DrainRequest,
    Trigger,
    execution_input,
    execution_name,
    parse_event,
    parse_manual,
    reconciled,
)
from tests.unit.event_samples import INSTANCE_ID, TOKEN, sample

AT = datetime(2026, 3, 2, 11, 15, 30, tzinfo=timezone(timedelta(hours=1)))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_request_keeps_its_settings_as_they_were_written() -> None:
    request = parse_manual(sample("manual"))
    assert (request.instance_id, request.trigger) == (INSTANCE_ID, Trigger.MANUAL)
    assert request.settings == {
        "cluster": "shop",
        "deadline": "30m",
        "on_deadline": "stop-tasks",
        "standalone_tasks": "stop-after 10m",
    }
    assert (request.reason, request.who) == ("kernel update", "arn:aws:iam::123456789012:user/ada")


def test_null_counts_as_absent() -> None:
    request = parse_manual({"instance_id": INSTANCE_ID, "deadline": None, "idempotency_key": None})
    assert (request.settings, request.idempotency_key) == ({}, None)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ("i-0a1b2c3d4e5f60718", "the request is 'i-0a1b2c3d4e5f60718': expected an object such as"),
        ({}, "the request lacks instance_id: expected an EC2 instance id"),
        ({"instance_id": "mi-0123456789abcdef0"}, "external instances (ECS Anywhere) are not drained"),
        ({"instance_id": "web-1"}, "instance_id of the request is 'web-1': expected an EC2 instance id"),
        ({"instance_id": INSTANCE_ID, "dead_line": "1h"}, "'dead_line' is no field of a request"),
        ({"instance_id": INSTANCE_ID, "dead_line": "1h"}, "did you mean deadline?"),
        (
            {"instance_id": INSTANCE_ID, "deadline": "1 hour"},
            "deadline of the request: '1 hour' is not a duration",
        ),
        ({"instance_id": INSTANCE_ID, "deadline": "49h"}, "expected a duration from 30 s to 2 d"),
        (
            {"instance_id": INSTANCE_ID, "on_deadline": "kill"},
            "on_deadline of the request: 'kill' is unknown: expected",
        ),
        ({"instance_id": INSTANCE_ID, "on_deadline": "stop_tasks"}, "did you mean stop-tasks?"),
        ({"instance_id": INSTANCE_ID, "standalone_tasks": "stop-after"}, "lacks its duration"),
        (
            {"instance_id": INSTANCE_ID, "poll": "60s 5s"},
            "poll of the request: '60s 5s' is no schedule of looks",
        ),
        ({"instance_id": INSTANCE_ID, "cluster": "my cluster"}, "'my cluster' is no cluster"),
        ({"instance_id": INSTANCE_ID, "reason": 7}, "reason of the request is 7: expected some words"),
        ({"instance_id": INSTANCE_ID, "idempotency_key": "a b"}, "expected 1 to 80 letters, digits, dashes"),
        ({"instance_id": INSTANCE_ID, "idempotency_key": ""}, "expected 1 to 80 letters"),
        ({"instance_id": INSTANCE_ID, "idempotency_key": "x" * 81}, "expected 1 to 80 letters"),
        (
            {"instance_id": INSTANCE_ID, "idempotency_key": f"{INSTANCE_ID}-{TOKEN}"},
            "the drain of a lifecycle action",
        ),
    ],
)
def test_a_mistake_is_answered_with_field_value_and_remedy(request_: object, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_manual(request_)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (parse_manual({"instance_id": INSTANCE_ID}), f"{INSTANCE_ID}-manual-20260302T101530Z"),
        (parse_manual({"instance_id": INSTANCE_ID, "idempotency_key": "kernel-7"}), "kernel-7"),
        (reconciled(INSTANCE_ID, "workers", "ecs-drain"), f"{INSTANCE_ID}-reconciler-20260302T101530Z"),
    ],
)
def test_a_drain_without_a_token_is_named_for_its_second_or_its_key(
    request_: DrainRequest, name: str
) -> None:
    assert execution_name(request_, AT) == name


def test_the_order_in_which_a_request_was_written_makes_no_other_drain() -> None:
    backwards = dict(reversed(sample("manual").items()))
    assert execution_input(parse_manual(backwards)) == execution_input(parse_manual(sample("manual")))


def test_a_name_that_needs_an_instant_is_not_made_up_without_one() -> None:
    with pytest.raises(ValueError, match="by trigger manual is named for the instant"):
        execution_name(parse_manual({"instance_id": INSTANCE_ID}))


REQUESTS = st.builds(
    parse_manual,
    st.fixed_dictionaries(
        {"instance_id": st.from_regex(r"i-([0-9a-f]{8}|[0-9a-f]{17})", fullmatch=True)},
        optional={
            "idempotency_key": st.from_regex(r"[0-9A-Za-z_-]{1,80}", fullmatch=True),
            "deadline": st.integers(30, 172_800),
            "reason": st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=50),
        },
    ),
)


@given(REQUESTS, st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)))  # noqa: DTZ001  # Hypothesis wants it so
def test_every_name_may_name_an_execution_and_every_input_is_read_back(
    request: DrainRequest, at: datetime
) -> None:
    """At most 80 characters, of which letters, digits, dashes and underscores are safe for CloudWatch too."""
    name = execution_name(request, at)
    assert 1 <= len(name) <= 80
    assert set(name) <= set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-")
    assert DrainRequest.from_state(json.loads(execution_input(request))) == request


@pytest.mark.parametrize(
    "name", ["terminate-sqs", "root-volume-replacement", "spot-interruption", "health-scheduled-change"]
)
def test_the_plan_reads_back_what_the_event_said(name: str) -> None:
    request = parse_event(sample(name))[0]
    assert isinstance(request, DrainRequest)
    assert DrainRequest.from_state(json.loads(execution_input(request))) == request


def test_an_input_written_by_hand_is_a_manual_request() -> None:
    request = DrainRequest.from_state({"instance_id": INSTANCE_ID, "deadline": "30m"})
    assert (request.trigger, request.settings) == (Trigger.MANUAL, {"deadline": "30m"})


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({}, "the execution's input lacks instance_id"),
        (
            {"instance_id": INSTANCE_ID, "trigger": "whim"},
            "trigger of the execution's input is 'whim': expected",
        ),
        (
            {"instance_id": INSTANCE_ID, "lifecycle_action": "x"},
            "lifecycle_action of the execution's input is 'x'",
        ),
        ({"instance_id": INSTANCE_ID, "lifecycle_action": {}}, "lacks auto_scaling_group"),
        ({"instance_id": INSTANCE_ID, "gone_at": "soon"}, "gone_at of the execution's input is 'soon'"),
    ],
)
def test_an_input_that_is_no_drain_is_refused(state: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        DrainRequest.from_state(state)
    assert sentence in str(refusal.value)


def refusal_of(parse: Callable[[object], object], value: object) -> str | None:
    """Return the words of our own refusal, or None; any other exception is a fault."""
    try:
        parse(value)
    except InvalidInput as refusal:
        return str(refusal)
    return None


@given(JSON)
def test_no_json_whatever_gets_more_out_of_the_parsers_than_our_own_refusal(value: object) -> None:
    for parse in (parse_event, parse_manual):
        assert refusal_of(parse, value) != ""


@given(
    st.dictionaries(
        st.sampled_from(["detail-type", "detail", "Records", "time", "Event", "Type", "Message"]), JSON
    )
)
def test_events_that_look_almost_right_are_refused_in_words(event: dict[str, object]) -> None:
    refusal = refusal_of(parse_event, event)
    assert refusal is None or "expected" in refusal
