"""Who may tag a service or a group isn't thereby trusted with other teams' topics, queues and clusters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.common.errors import InvalidRequest
from chalicelib.gates.declared import declare, within_reach
from chalicelib.policy import (
    Circumstances,
    Source,
    environment_source,
    manual_source,
    metadata_source,
    resolve,
    tag_source,
)
from chalicelib.policy.reach import Reach
from chalicelib.policy.settings import Settings
from chalicelib.steps.start_manual_drain import start_manual_drain
from statemachine.policies import names_in_policies, rendered
from tests.iam.evaluator import Request, allows

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:ecs-drainer-dev-start_manual_drain"
REACH = Reach(account="123456789012", region="eu-west-1", topics=("drains-*", "pager"), queues=("jobs*",))
TOPIC = "arn:aws:sns:eu-west-1:123456789012"
ABROAD = "arn:aws:sns:eu-west-1:999999999999:drains-web"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012"


@pytest.mark.parametrize(
    ("queue", "problem"),
    [
        (f"{QUEUE}:jobs", None),
        (f"{QUEUE}:jobs-high.fifo", None),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/jobs", None),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/jobs", None),
        ("https://sqs.eu-west-1.api.aws/123456789012/jobs", None),
        (f"{QUEUE}:payments", "none of the stage's queues: expected one of ECS_DRAINER_QUEUES (jobs*)"),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/my-jobs", "none of the stage's queues"),
        ("arn:aws:sqs:eu-west-1:999999999999:jobs", "expected a queue of account 123456789012 in eu-west-1"),
        ("arn:aws:sqs:us-east-1:123456789012:jobs", "is elsewhere"),
        ("https://sqs.us-east-1.amazonaws.com/123456789012/jobs", "is elsewhere"),
        ("https://sqs.eu-west-1.amazonaws.com/999999999999/jobs", "is elsewhere"),
        ("https://sqs.eu-west-1.amazonaws.com.example.org/123456789012/jobs", "is elsewhere"),
        ("https://me@sqs.eu-west-1.amazonaws.com/123456789012/jobs", "is elsewhere"),
        ("http://169.254.169.254/123456789012/jobs", "is elsewhere"),
    ],
)
def test_a_tag_has_the_stages_own_queues_counted_and_no_others(queue: str, problem: str | None) -> None:
    found = within_reach(declare("jobs", "web", {"ecs-drainer:drain-queue": queue}), REACH)
    assert found.queue == (queue if problem is None else None)
    assert found.is_stateful, "where the queue may not be read its gate stays closed"
    told = " ".join(found.refusals)
    assert (problem or "") in told
    assert told.startswith("ecs-drainer:drain-queue: ") or problem is None


@pytest.mark.parametrize(
    ("source", "topic", "problem"),
    [
        (tag_source({"ecs-drainer:notify": f"{TOPIC}:drains-web"}, "web"), f"{TOPIC}:drains-web", None),
        (tag_source({"ecs-drainer:notify": f"{TOPIC}:pager"}, "web"), f"{TOPIC}:pager", None),
        (tag_source({"ecs-drainer:notify": f"{TOPIC}:pager-2"}, "web"), "stage", "none of the stage's topics"),
        (metadata_source(json.dumps({"notify": f"{TOPIC}:payments"}), "h"), "stage", "(drains-* pager)"),
        (manual_source({"notify": f"{TOPIC}:payments"}), "stage", "none of the stage's topics"),
        (environment_source({"ECS_DRAINER_NOTIFY": f"{TOPIC}:payments"}), f"{TOPIC}:payments", None),
        (environment_source({"ECS_DRAINER_NOTIFY": "arn:aws:sns:us-east-1:123456789012:x"}), "stage", "is elsewhere"),
        (tag_source({"ecs-drainer:notify": ABROAD}, "web"), "stage", "is elsewhere"),
        (tag_source({"ecs-drainer:notify": "none"}, "web"), "none", None),
    ],
)  # fmt: skip
def test_others_have_the_stages_own_topics_told_and_the_stage_any_of_its_account(
    source: Source, topic: str, problem: str | None
) -> None:
    resolved = resolve([source], Circumstances(lifecycle_action=True, reach=REACH))
    assert resolved.policy.notify == topic
    assert (problem or "") in " ".join(resolved.notices)
    assert len(resolved.notices) == (problem is not None)


@pytest.mark.parametrize(
    ("cluster", "stands"),
    [
        ("web", "web"),
        ("arn:aws:ecs:eu-west-1:123456789012:cluster/web", "arn:aws:ecs:eu-west-1:123456789012:cluster/web"),
        ("arn:aws:ecs:eu-west-1:999999999999:cluster/web", None),
        ("arn:aws:ecs:us-east-1:123456789012:cluster/web", None),
    ],
)
def test_a_cluster_is_of_the_stages_account_and_region(cluster: str, stands: str | None) -> None:
    tags = tag_source({"ecs-drainer:cluster": cluster}, "web")
    assert resolve([tags], Circumstances(lifecycle_action=True, reach=REACH)).policy.cluster == stands


@pytest.mark.parametrize(
    ("environment", "topics", "queues", "notices"),
    [
        ({}, (), ("*",), 0),
        ({"ECS_DRAINER_TOPICS": "a, b-*", "ECS_DRAINER_QUEUES": "jobs.fifo x*"}, ("a", "b-*"), ("jobs.fifo", "x*"), 0),
        ({"ECS_DRAINER_QUEUES": " , "}, (), ("*",), 0),
        ({"ECS_DRAINER_TOPICS": "a b*c", "ECS_DRAINER_QUEUES": "jobs ?"}, (), (), 2),
    ],
)  # fmt: skip
def test_a_list_that_can_not_be_read_lets_others_reach_nothing(
    environment: dict[str, str], topics: tuple[str, ...], queues: tuple[str, ...], notices: int
) -> None:
    settings = Settings.from_environment(environment).at(FUNCTION)
    assert settings.reach == Reach(account="123456789012", region="eu-west-1", topics=topics, queues=queues)
    assert len(settings.notices) == notices


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("notify", f"{TOPIC}:payments"),
        ("notify", "arn:aws:sns:eu-west-1:999999999999:drains"),
        ("cluster", "arn:aws:ecs:eu-west-1:999999999999:cluster/web"),
    ],
)
def test_a_request_for_what_is_out_of_reach_is_refused_at_once(name: str, value: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{name} of the request: '{value[:40]}.* expected "):
        start_manual_drain({"instance_id": "i-0123456789abcdef0", name: value}, FUNCTION, "6f1c2a54")


def statements(function: str, environment: dict[str, str]) -> Any:
    text = (Path(__file__).parents[2] / ".chalice" / f"policy-{function}.json").read_text(encoding="utf-8")
    names = names_in_policies({"AppName": "ecs-drainer", "Stage": "dev"}, {}, environment)
    return rendered(json.loads(text), names)["Statement"]


STAGE_TOPIC = f"{TOPIC}:ecs-drainer-dev-notifications"


@pytest.mark.parametrize(
    ("environment", "topic", "is_allowed"),
    [
        ({}, STAGE_TOPIC, True),
        ({}, f"{TOPIC}:drains-web", False),
        ({"ECS_DRAINER_TOPICS": "drains-* pager"}, STAGE_TOPIC, True),
        ({"ECS_DRAINER_TOPICS": "drains-* pager"}, f"{TOPIC}:drains-web", True),
        ({"ECS_DRAINER_TOPICS": "drains-* pager"}, f"{TOPIC}:pager-2", False),
        ({"ECS_DRAINER_TOPICS": "drains-*"}, "arn:aws:sns:eu-west-1:999999999999:drains-web", False),
        ({"ECS_DRAINER_NOTIFY": f"{TOPIC}:payments"}, f"{TOPIC}:payments", True),
    ],
)
def test_the_role_of_tell_reaches_what_the_stage_lists(
    environment: dict[str, str], topic: str, is_allowed: bool
) -> None:
    """Code and role are bound by one list; a fault of the code reaches no further than the role."""
    assert allows(statements("tell", environment), Request("sns:Publish", topic)) is is_allowed


@pytest.mark.parametrize(
    ("environment", "queue", "is_allowed"),
    [
        ({}, f"{QUEUE}:jobs", True),
        ({"ECS_DRAINER_QUEUES": "jobs*"}, f"{QUEUE}:jobs-high", True),
        ({"ECS_DRAINER_QUEUES": "jobs*"}, f"{QUEUE}:payments", False),
        ({}, "arn:aws:sqs:eu-west-1:999999999999:jobs", False),
    ],
)
def test_the_role_of_look_reaches_what_the_stage_lists(
    environment: dict[str, str], queue: str, is_allowed: bool
) -> None:
    request = Request("sqs:GetQueueAttributes", queue)
    assert allows(statements("look", environment), request) is is_allowed
