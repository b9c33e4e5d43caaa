"""One function tells: what is written is published to the policy's topic, or to the stage's where that can't be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.common import telemetry
from chalicelib.common.errors import AccessDenied, AwsRefused, AwsUnavailable, DrainerError, Gone, Throttled
from chalicelib.common.model import instant
from chalicelib.gateways import events
from chalicelib.gateways.topics import Told, publish
from chalicelib.steps import tell as steps
from chalicelib.tell.bodies import Notice
from chalicelib.tell.event import drain_event
from chalicelib.tell.notice import compose
from tests.builders import after
from tests.gateways.stubs import Stubs
from tests.unit.test_plan import INSTANCE, plan

OWN = "arn:aws:sns:eu-west-1:123456789012:drains-of-a-team"
STAGE = "arn:aws:sns:eu-west-1:123456789012:ecs-drainer-dev-notifications"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:x"
NOTICE = Notice("ecs-drainer: i-1 is being drained", "i-1: draining", {"occasion": "started", "blockers": []})
PUBLISHED = {"MessageId": "1"}
PUT: dict[str, Any] = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


@pytest.fixture(autouse=True)
def no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notices alone, but where a test says otherwise."""
    monkeypatch.setenv("ECS_DRAINER_EVENT_BUS", "none")


def expect(stubs: Stubs, topic: str, notice: Notice = NOTICE) -> None:
    """Expect one notice, whole, at a topic."""
    stubs.expect("sns", "publish", PUBLISHED, TopicArn=topic, **message_of(notice))


def message_of(notice: Notice, https: str = "chat") -> dict[str, Any]:
    state = notice.to_state(https)
    said = {"Subject": state["subject"], "Message": state["message"], "MessageStructure": "json"}
    return {**said, "MessageAttributes": notice.attributes()}


def test_a_notice_goes_to_the_policys_topic_alone(stubs: Stubs) -> None:
    """With a body for each kind of subscriber: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
    expect(stubs, OWN)
    assert publish(NOTICE, OWN, STAGE) == Told(OWN)


def test_where_nobody_is_to_be_told_nothing_is_called(stubs: Stubs) -> None:
    stubs.of("sns")
    assert publish(NOTICE, None, STAGE) == Told(None)


REFUSALS = [
    ("NotFound", 404, Gone),
    ("AuthorizationError", 403, AccessDenied),
    ("InvalidParameter", 400, AwsRefused),
]


@pytest.mark.parametrize(("code", "status", "error"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_a_topic_that_is_gone_or_refuses_is_passed_over_for_the_stages(
    code: str, status: int, error: type[DrainerError], stubs: Stubs
) -> None:
    stubs.refuse("sns", "publish", code, status)
    expect(stubs, STAGE)
    told = publish(NOTICE, OWN, STAGE)
    assert told.topic == STAGE
    assert type(told.untold) is error


@pytest.mark.parametrize(("code", "status", "error"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_where_the_stages_refuses_too_nobody_is_told_and_that_is_said(
    code: str, status: int, error: type[DrainerError], stubs: Stubs
) -> None:
    stubs.refuse("sns", "publish", "NotFound", 404)
    stubs.refuse("sns", "publish", code, status)
    with pytest.raises(error):
        publish(NOTICE, OWN, STAGE)


@pytest.mark.parametrize("topic", [OWN, STAGE])
@pytest.mark.parametrize(
    ("code", "status", "error"), [("Throttled", 429, Throttled), ("InternalError", 500, AwsUnavailable)]
)
def test_what_may_answer_otherwise_in_a_while_is_asked_again(
    topic: str, code: str, status: int, error: type[DrainerError], stubs: Stubs
) -> None:
    """By the machine's Retry: a team's topic is not given up for an outage of a second."""
    stubs.refuse("sns", "publish", code, status)
    with pytest.raises(error):
        publish(NOTICE, topic, STAGE)


def test_at_the_last_try_a_topic_out_of_reach_is_passed_over_as_well(stubs: Stubs) -> None:
    stubs.refuse("sns", "publish", "InternalError", 500)
    expect(stubs, STAGE)
    told = publish(NOTICE, OWN, STAGE, is_last_try=True)
    assert (told.topic, type(told.untold)) == (STAGE, AwsUnavailable)


def test_at_the_last_try_the_stages_own_outage_is_raised(stubs: Stubs) -> None:
    stubs.refuse("sns", "publish", "InternalError", 500)
    with pytest.raises(AwsUnavailable):
        publish(NOTICE, STAGE, STAGE, is_last_try=True)


@pytest.fixture
def measured() -> Iterator[dict[str, Any]]:
    """What is measured, by the name of the metric."""
    telemetry.metrics.clear_metrics()
    yield telemetry.metrics.metric_set
    telemetry.metrics.clear_metrics()


def the_event(occasion: str = "started", topic: str | None = OWN, **state: Any) -> dict[str, Any]:
    """Return what "Tell" sends."""
    planned = plan().to_state()
    kept = {"failure": None, "trouble": None, "untold": None, "unrecorded": None, **planned, **state}
    return {
        "occasion": occasion,
        "is_planned": True,
        "request": {"instance_id": INSTANCE, "trigger": "manual"},
        "state": {**kept, "drain": {**planned["drain"], "topic": topic}},
        "stage_topic": STAGE,
        "execution": EXECUTION,
        "now": "2026-03-02T10:00:00Z",
        "retries": 0,
    }


def test_what_is_told_is_measured_and_the_subject_kept(stubs: Stubs, measured: dict[str, Any]) -> None:
    stubs.answer("sns", "publish", PUBLISHED)
    event = the_event("failed", failure={"Error": "AccessDenied", "Cause": "ListTasks"})
    told = steps.tell(event)
    assert told == {"subject": f"ecs-drainer: {INSTANCE} drain failed", "topic": STAGE, "untold": None}
    assert list(measured) == ["FailedDrains"]


def test_a_retry_measures_nothing_again(stubs: Stubs, measured: dict[str, Any]) -> None:
    stubs.answer("sns", "publish", PUBLISHED)
    steps.tell({**the_event("failed", failure={"Error": "AccessDenied", "Cause": "ListTasks"}), "retries": 1})
    assert measured == {}


def test_failures_go_to_the_stage_even_where_nothing_else_is_to_be_told(stubs: Stubs) -> None:
    """`notify: none` silences what goes well."""
    stubs.of("sns")
    assert steps.tell(the_event(topic=None))["topic"] is None
    stubs.answer("sns", "publish", PUBLISHED)
    failed = the_event("failed", topic=None, failure={"Error": "AccessDenied", "Cause": "ListTasks"})
    assert steps.tell(failed)["topic"] == STAGE


def test_later_notices_go_to_the_stage_once_the_policys_topic_is_gone(stubs: Stubs) -> None:
    stubs.refuse("sns", "publish", "NotFound", 404, "Topic does not exist")
    stubs.answer("sns", "publish", PUBLISHED)
    told = steps.tell(the_event())
    assert told["topic"] == STAGE
    assert told["untold"]["Error"] == "Gone"
    assert "Topic does not exist" in told["untold"]["Cause"]


def test_why_an_earlier_notice_was_not_told_is_kept_until_the_end(stubs: Stubs) -> None:
    earlier = {"Error": "Gone", "Cause": "Topic does not exist"}
    stubs.answer("sns", "publish", PUBLISHED)
    assert steps.tell(the_event(topic=STAGE, untold=earlier))["untold"] == earlier


def test_where_both_refuse_the_machine_hears_of_it(stubs: Stubs) -> None:
    stubs.refuse("sns", "publish", "NotFound", 404)
    stubs.refuse("sns", "publish", "AuthorizationError", 403)
    with pytest.raises(AccessDenied):
        steps.tell(the_event())


def test_after_three_retries_the_stage_is_told_of_what_its_own_topic_cant_be(stubs: Stubs) -> None:
    stubs.refuse("sns", "publish", "InternalError", 500)
    with pytest.raises(AwsUnavailable):
        steps.tell({**the_event(), "retries": 2})
    stubs.refuse("sns", "publish", "InternalError", 500)
    stubs.answer("sns", "publish", PUBLISHED)
    assert steps.tell({**the_event(), "retries": 3})["topic"] == STAGE


def test_a_failure_before_the_plan_is_told_of_the_request(stubs: Stubs) -> None:
    stubs.answer("sns", "publish", PUBLISHED)
    failure = {"Error": "InvalidRequest", "Cause": "no such instance"}
    event = the_event("failed", failure=failure) | {"is_planned": False}
    del event["state"]["drain"]["instance_id"]
    assert steps.tell(event)["subject"] == f"ecs-drainer: {INSTANCE} drain failed"


@pytest.mark.parametrize(
    ("explained", "metric"),
    [
        ("stuck", "StuckDrains"),
        ("near-deadline", "DrainsNearDeadline"),
        ("gates-closed", "DrainsAtClosedGates"),
        ("blocked", "BlockedDrains"),
        ("events-lost", "DrainsWithoutEvents"),
    ],
)
def test_each_explanation_counts_as_what_it_is(explained: str, metric: str, measured: dict[str, Any]) -> None:
    """The alarm `stuck-drain` rings for a drain in which nothing moved, not for one event of a service."""
    steps.measure("explained", {"look": {"explain": explained}}, after(minutes=1))
    assert list(measured) == [metric]


@pytest.mark.parametrize(
    ("occasion", "metric"),
    [("troubled", "TroubledDrains"), ("heartbeat-refused", "RefusedHeartbeats")],
)
def test_what_a_drain_lacks_is_counted(occasion: str, metric: str, measured: dict[str, Any]) -> None:
    steps.measure(occasion, {}, after(minutes=1))
    assert list(measured) == [metric]


def test_programs_get_the_whole_notice() -> None:
    """In `MessageStructure: json` each protocol has its own body."""
    bodies = json.loads(message_of(NOTICE)["Message"])
    assert bodies["default"] == "i-1: draining"
    assert json.loads(bodies["sqs"])["occasion"] == "started"


def test_the_event_is_put_on_the_stages_bus_before_the_notice_is_published(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECS_DRAINER_EVENT_BUS", "drains")
    event = the_event()
    happened = drain_event(compose("started", event["state"], EXECUTION, instant(event["now"])))
    assert happened is not None
    entry = {
        "EventBusName": "drains",
        "Source": "ecs-drainer",
        "DetailType": "Drain Started",
        "Detail": json.dumps(happened.detail, sort_keys=True),
        "Resources": [EXECUTION],
        "Time": instant(event["now"]),
    }
    stubs.expect("events", "put_events", PUT, Entries=[entry])
    stubs.answer("sns", "publish", PUBLISHED)
    steps.tell(event)


def test_notify_none_still_puts_events(stubs: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    """`notify` is about who is told; programs that hooked on go on hearing. The bus `none` puts none."""
    monkeypatch.setenv("ECS_DRAINER_EVENT_BUS", "")
    stubs.answer("events", "put_events", PUT)
    assert steps.tell(the_event(topic=None))["topic"] is None
    stubs.assert_all_called()


REFUSED: dict[str, Any] = {
    "FailedEntryCount": 1,
    "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}],
}


@pytest.mark.parametrize("answer", ["entry", "error", "loss"])
def test_an_event_that_cant_be_put_hides_no_notice_and_is_counted(
    answer: str, stubs: Stubs, measured: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECS_DRAINER_EVENT_BUS", "default")
    if answer == "entry":
        stubs.answer("events", "put_events", REFUSED)
    elif answer == "error":
        stubs.refuse("events", "put_events", "AccessDeniedException", 403)
    else:
        stubs.lose("events", "put_events", EndpointConnectionError(endpoint_url="https://events"))
    stubs.answer("sns", "publish", PUBLISHED)
    assert steps.tell(the_event())["topic"] == OWN
    assert list(measured) == ["EventsNotPut"]


def test_a_notice_that_fails_hides_no_event_and_its_retries_put_no_other(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ECS_DRAINER_EVENT_BUS", "default")
    stubs.answer("events", "put_events", PUT)
    stubs.refuse("sns", "publish", "InternalError", 500)
    with pytest.raises(AwsUnavailable):
        steps.tell(the_event())
    stubs.answer("sns", "publish", PUBLISHED)
    steps.tell({**the_event(), "retries": 1})
    stubs.assert_all_called()


def test_an_entry_that_is_refused_in_an_answer_of_http_200_is_an_error(stubs: Stubs) -> None:
    """A call of PutEvents succeeds even where none of its entries did: FailedEntryCount says so."""
    happened = drain_event(compose("started", the_event()["state"], EXECUTION, after(minutes=1)))
    assert happened is not None
    stubs.answer("events", "put_events", REFUSED)
    with pytest.raises(Throttled, match="Rate exceeded"):
        events.put(happened, "default")


def test_https_subscribers_get_the_record_where_the_stage_says_so(
    stubs: Stubs, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = the_event()
    words = compose("started", event["state"], EXECUTION, instant(event["now"]))
    for https in ("chat", "json"):
        monkeypatch.setenv("ECS_DRAINER_HTTPS_NOTICES", https)
        stubs.expect("sns", "publish", PUBLISHED, TopicArn=OWN, **message_of(words, https))
        steps.tell(event)
    bodies = json.loads(words.to_state("json")["message"])
    assert bodies["https"] == bodies["sqs"]
