"""One notice in each form: for chat channels, for filters, and as an event; and the trace id that all of them share."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.common.tracing import execution_of, trace_id
from chalicelib.fleet import notice as fleet_notice
from chalicelib.tell.bodies import Notice
from chalicelib.tell.chat import chat_notification
from chalicelib.tell.event import drain_event
from chalicelib.tell.notice import compose, compose_declined
from chalicelib.tell.occasions import event_of, severity_of, why_of
from tests.builders import START, after
from tests.unit.test_notice import EXECUTION, a_state, agent_lost
from tests.unit.test_plan import INSTANCE

EXPLANATION = {
    "text": "* Services that can't move (1 task)\n    service api\n        why:    `100` % at least\n"
    "        remedy: aws ecs update-service --service api",
    "blockers": {"groups": [], "text": "x"},
}


def a_notice(occasion: str, **parts: Any) -> Notice:
    return compose(occasion, a_state(**parts), EXECUTION, after(minutes=6))


def a_stuck_notice(why: str = "stuck") -> Notice:
    look = {**a_state()["look"], "explain": why, "summary": "1 task left"}
    return a_notice("explained", look=look, explanation={**a_state()["explanation"], **EXPLANATION})


def chat_of(notice: Notice) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(json.loads(notice.to_state()["message"])["https"])
    return body


def test_a_chat_notification_has_the_form_that_chatbot_takes() -> None:
    """Chatbot guide, "Custom notifications": version must be 1.0, source custom, textType client-markdown."""
    chat = chat_of(a_stuck_notice())
    assert (chat["version"], chat["source"], set(chat)) == (
        "1.0",
        "custom",
        {"version", "source", "content", "metadata"},
    )
    content, metadata = chat["content"], chat["metadata"]
    assert content["textType"] == "client-markdown"
    assert content["title"] == f":warning: ecs-drainer: {INSTANCE} is stuck"
    assert content["description"].startswith(f"{INSTANCE}: 1 task left; ")
    assert "service api\n        why:    `100` % at least" in content["description"]
    assert content["nextSteps"][0] == f"`ecs-drainer explain {INSTANCE}`"
    assert content["nextSteps"][1].startswith("https://eu-west-1.console.aws.amazon.com/states/")
    assert content["keywords"] == ["blocked", "web-ecs", "web"]
    assert metadata["eventType"] == "ecs-drainer-blocked"
    assert metadata["relatedResources"] == [EXECUTION]
    assert all(isinstance(value, str) for value in metadata["additionalContext"].values())


def test_one_drain_is_one_thread() -> None:
    """The same guide: notifications of one threadId are grouped in a thread."""
    threads = {chat_of(each)["metadata"]["threadId"] for each in (a_notice("started"), a_stuck_notice())}
    assert threads == {trace_id(EXECUTION)}


@given(
    reason=st.text(max_size=80)
    | st.sampled_from(["<!channel> now", "<https://evil|click>", "```<@U1>```", ""])
)
def test_a_chat_notification_obeys_nothing_from_outside(reason: str) -> None:
    """Slack reads `<!channel>` and `<https://…|words>` as orders; three backticks would end the block."""
    drain = {**a_state()["drain"], "reason": reason, "who": reason}
    content = chat_of(a_notice("started", drain=drain))["content"]
    shown = f"{content['title']}{content['description']}"
    assert not re.search(r"[<>]", shown)
    assert shown.count("```") == 2


def test_long_texts_stay_within_chatbots_limits() -> None:
    chat = chat_notification("s" * 400, "first\n" + "x" * 20_000, {"severity": "error"})
    assert len(chat["content"]["title"]) == 250
    assert len(chat["content"]["description"]) <= 8_000
    assert chat["content"]["description"].endswith("```")


def test_mail_stays_plain_text() -> None:
    """What SNS sends to a protocol without a body of its own is `default`: e-mail, SMS."""
    bodies = json.loads(a_notice("started").to_state()["message"])
    assert set(bodies) == {"default", "sqs", "lambda", "http", "https", "firehose"}
    assert bodies["default"].startswith(f"{INSTANCE}: draining")


def test_subscribers_filter_by_event_severity_cluster_and_group() -> None:
    """SNS, "Message attributes": String, and String.Array whose value is a JSON array."""
    assert a_stuck_notice("near-deadline").attributes() == {
        "event": {"DataType": "String", "StringValue": "near-deadline"},
        "severity": {"DataType": "String", "StringValue": "warning"},
        "group": {"DataType": "String", "StringValue": "web-ecs"},
        "cluster": {"DataType": "String.Array", "StringValue": '["web"]'},
    }


def test_what_is_not_known_is_no_attribute() -> None:
    """SNS refuses an attribute with an empty value."""
    failed = {"instance_id": INSTANCE, "trigger": "manual", "failure": {"Error": "X", "Cause": "y"}}
    assert set(compose("failed", failed, EXECUTION, START).attributes()) == {"event", "severity"}


KINDS = [
    ("a drain begins", "started", None, None, "started", "info"),
    ("nothing moves", "explained", "stuck", None, "blocked", "warning"),
    ("ECS says that a service can't be placed", "explained", "blocked", None, "blocked", "warning"),
    ("gates are closed", "explained", "gates-closed", None, "blocked", "warning"),
    ("its time is nearly over", "explained", "near-deadline", None, "near-deadline", "warning"),
    ("events are lost", "explained", "events-lost", None, "troubled", "warning"),
    ("AWS does not answer", "troubled", None, None, "troubled", "warning"),
    ("Auto Scaling may take the instance", "heartbeat-refused", None, None, "troubled", "error"),
    ("drained", "ended", None, "drained", "ended", "info"),
    ("a person ended it", "ended", None, "cancelled", "ended", "info"),
    ("tasks were left", "ended", None, "deadline", "ended", "warning"),
    ("its gates stayed closed", "ended", None, "gates-closed", "ended", "warning"),
    ("it failed", "failed", None, None, "failed", "error"),
    ("a fleet is drained", "fleet-ended", None, "drained", "fleet-ended", "info"),
    ("a fleet stopped early", "fleet-ended", None, "stopped", "fleet-ended", "warning"),
    ("a fleet failed", "fleet-failed", None, "failed", "fleet-failed", "error"),
]


@pytest.mark.parametrize("row", KINDS, ids=[row[0] for row in KINDS])
def test_each_kind_of_news_has_its_event_and_severity(
    row: tuple[str, str, str | None, str | None, str, str],
) -> None:
    _, occasion, explained, outcome, event, severity = row
    why = why_of(occasion, explained)
    assert (event_of(occasion, why), severity_of(occasion, why, outcome)) == (event, severity)


def test_an_event_says_what_the_record_says_with_its_version_and_an_id() -> None:
    notice = a_notice("ended", **agent_lost())
    event = drain_event(notice)
    assert event is not None
    assert (event.detail_type, event.resources, event.at) == ("Drain Ended", (EXECUTION,), after(minutes=6))
    assert {**notice.record, "clusters": ["web"]}.items() <= event.detail.items()
    assert (event.detail["version"], event.detail["summary"]) == ("1", notice.subject)


def test_the_same_news_has_the_same_id_and_other_news_another() -> None:
    """EventBridge may deliver an event more than once: who must not act twice compares `id`."""
    notices = (a_notice("started"), a_stuck_notice(), a_stuck_notice("near-deadline"), a_stuck_notice())
    first, second, third, fourth = (event.detail["id"] for each in notices if (event := drain_event(each)))
    assert second == fourth
    assert len({first, second, third}) == 3


def test_a_request_that_is_not_applied_and_a_fleet_put_no_event() -> None:
    state = {**a_state(), "open": {"Item": {"execution": {"S": EXECUTION}}}}
    assert drain_event(compose_declined(state, EXECUTION, START)) is None
    fleet = {"name": "f", "who": "ann", "reason": "-", "notices": []}
    assert drain_event(fleet_notice.compose({"fleet": fleet, "results": []}, EXECUTION, START)) is None


def test_a_fleets_notice_is_for_chat_as_well() -> None:
    fleet = {"name": "f-1", "who": "ann", "reason": "-", "notices": []}
    chat = chat_of(fleet_notice.compose({"fleet": fleet, "results": []}, EXECUTION, START))
    assert chat["content"]["nextSteps"][0] == "`ecs-drainer fleet status f-1`"
    assert chat["metadata"]["threadId"] == trace_id(EXECUTION)


def test_a_trace_id_is_that_of_w3c_trace_context() -> None:
    """Trace Context, "trace-id": 32 lower-case hexadecimal digits, not all of them zero."""
    assert re.fullmatch(r"[0-9a-f]{32}", trace_id(EXECUTION))
    assert int(trace_id(EXECUTION), 16) > 0
    assert trace_id(EXECUTION) != trace_id(f"{EXECUTION}2")


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ({"execution": EXECUTION, "request": {}}, EXECUTION),
        ({"drain": {"execution": EXECUTION}}, EXECUTION),
        ({"drain": {}}, None),
        ({"Records": []}, None),
        ({"drain": "x", "execution": 5}, None),
        ("not an object", None),
        (None, None),
    ],
)
def test_a_function_knows_the_execution_that_it_is_invoked_for(event: object, found: str | None) -> None:
    assert execution_of(event) == found
