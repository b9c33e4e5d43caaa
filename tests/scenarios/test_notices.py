"""Who is told of a drain, in which form: people in words, programs in JSON, an audit queue in full."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from embedded_aws.clients import client
from stories.world import Service
from tests.scenarios.scene import Scene, a_queue, a_scene, messages

STUCK = Service(desired=3, minimum_percent=100, maximum_percent=100)


def drain(scene: Scene, seconds: float) -> None:
    scene.world.terminate(scene.doomed)
    scene.aws.clock.advance(seconds)


def records(url: str) -> list[dict[str, Any]]:
    return [json.loads(message["Body"]) for message in messages(url)]


def test_an_audit_queue_gets_every_record_as_json() -> None:
    """The stack's parameter names it; the messages are raw, as the template subscribes it."""
    with a_scene(parameters={"AuditQueueArn": "arn:aws:sqs:eu-west-1:123456789012:audit"}) as scene:
        url, _ = a_queue("audit")
        drain(scene, 200)
        started, ended = records(url)
    assert (started["occasion"], ended["occasion"], ended["outcome"]) == ("started", "ended", "drained")
    assert started["instance_id"] == scene.doomed
    assert (started["trigger"], started["who"]) == ("lifecycle-action", "EC2 Auto Scaling")
    assert (started["auto_scaling_group"], started["deadline"]["action"]) == ("web-ecs", "continue")
    assert (ended["holding"], ended["tasks"]) == (0, {})


def test_a_stuck_drain_is_told_with_tasks_blockers_and_a_link() -> None:
    with a_scene(
        service=STUCK, parameters={"AuditQueueArn": "arn:aws:sqs:eu-west-1:123456789012:audit"}
    ) as scene:
        url, _ = a_queue("audit")
        drain(scene, 700)
        stuck = next(record for record in records(url) if record["occasion"] == "explained")
        published = [call.parameters for call in scene.aws.requests.calls if call.operation == "Publish"]
    assert len(stuck["tasks"]) == stuck["holding"] == 1
    (group,) = stuck["blockers"]["groups"]
    assert "aws ecs update-service" in json.dumps(group)
    text = json.loads(published[-1]["Message"])["default"]
    console = "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1"
    assert f"{console}#/v2/executions/details/{stuck['execution']}" in text
    assert len(published[-1]["Subject"]) <= 100


def test_a_topic_of_the_teams_own_is_told_and_the_stages_is_not() -> None:
    own = "arn:aws:sns:eu-west-1:123456789012:team-web"
    tags, allowed = {"ecs-drainer:notify": own}, {"ECS_DRAINER_TOPICS": "team-*"}
    with a_scene(tags=tags, environment=allowed) as scene:
        client("sns").create_topic(Name="team-web")
        drain(scene, 200)
        calls = [call for call in scene.aws.requests.calls if call.operation == "Publish"]
    assert [call.parameters["TopicArn"] for call in calls] == [own, own]
    assert [call.error for call in calls] == [None, None]


def test_an_explanation_that_the_teams_topic_does_not_take_goes_to_the_stages() -> None:
    own = "arn:aws:sns:eu-west-1:123456789012:team-web"
    tags, allowed = {"ecs-drainer:notify": own}, {"ECS_DRAINER_TOPICS": "team-*"}
    with a_scene(service=STUCK, tags=tags, environment=allowed) as scene:
        client("sns").create_topic(Name="team-web")
        drain(scene, 5)
        client("sns").delete_topic(TopicArn=own)
        scene.aws.clock.advance(3000)
        calls = [call for call in scene.aws.requests.calls if call.operation == "Publish" and not call.error]
    kinds = [call.parameters["Subject"].partition(f"{scene.doomed} ")[2] for call in calls]
    assert kinds[:3] == ["is being drained", "is blocked", "is stuck"]
    assert [call.parameters["TopicArn"] == own for call in calls[:3]] == [True, False, False]
    third = json.loads(calls[2].parameters["Message"])["default"]
    assert f"The topic that the policy names, {own}, can't be published to" in third


def test_where_no_topic_takes_anything_the_drain_goes_on_and_tries_each_once() -> None:
    own = "arn:aws:sns:eu-west-1:123456789012:team-web"
    tags, allowed = (
        {"ecs-drainer:notify": own, "ecs-drainer:deadline": "30m"},
        {"ECS_DRAINER_TOPICS": "team-*"},
    )
    with a_scene(service=STUCK, tags=tags, environment=allowed) as scene:
        scene.aws.requests.fail_when(lambda call: call.operation == "Publish")
        drain(scene, 7200)
        calls = [call.parameters for call in scene.aws.requests.calls if call.operation == "Publish"]
        completed = [c for c in scene.aws.requests.calls if c.operation == "CompleteLifecycleAction"]
        outcomes = scene.outcomes
    starts = [given["TopicArn"] == own for given in calls if "is being drained" in given["Subject"]]
    assert starts == [True] * 4 + [False, True, False], "retried at the one, then at both, and no more"
    assert outcomes == ["AwsUnavailable"], "the failure rings the alarm"
    assert len(completed) == 1, "and the lifecycle action is answered all the same"


def test_news_is_repeated_at_growing_intervals() -> None:
    with a_scene(service=STUCK, tags={"ecs-drainer:deadline": "6h"}) as scene:
        drain(scene, 5 * 3600)
        told = [call.at for call in scene.aws.requests.calls if call.operation == "Publish"][1:]
    gaps = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(told)]
    assert [round(gap, -1) for gap in gaps] == [10, 20, 40, 80]
