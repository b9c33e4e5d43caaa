"""What the doctor says of the way of ECS's events: a sentence and a remedy for each thing that may be wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import boto3
import pytest

from cli.checkup import complaints
from cli.checkup_events import lets_events_in
from cli.checkup_found import Deployed, EventsWay, Level
from stories.world import Service
from tests.cli.shell import shell

NAME = "ecs-drainer-dev-ecs-events"
WELL = EventsWay()
REDEPLOY = "deploy again"


@pytest.mark.parametrize(
    ("way", "sentence", "remedy"),
    [
        (replace(WELL, rule="missing"), f"there is no rule {NAME}", REDEPLOY),
        (replace(WELL, rule="DISABLED"), f"rule {NAME} is disabled", f"enable-rule --name {NAME}"),
        (replace(WELL, aims_at_queue=False), "does not send to the queue", REDEPLOY),
        (replace(WELL, waiting=None), f"there is no queue {NAME}", REDEPLOY),
        (replace(WELL, lets_events_in=False), "does not let EventBridge send", REDEPLOY),
        (replace(WELL, mapping="Disabled"), "to wake is disabled", "update-event-source-mapping"),
        (replace(WELL, mapping="missing"), "to wake is missing", REDEPLOY),
        (replace(WELL, is_late=True, waiting=7), "7 events of ECS wait", "/aws/lambda/ecs-drainer-dev-wake"),
        (replace(WELL, dead_letters=None), f"no queue {NAME}-dead-letters", REDEPLOY),
        (replace(WELL, dead_letters=1), "1 event of ECS could not be handled", "docs/operations.md"),
    ],
)
def test_what_is_wrong_is_said_with_its_remedy(way: EventsWay, sentence: str, remedy: str) -> None:
    """None of it keeps a drain from ending: it ends later."""
    (complaint,) = complaints(Deployed(stage="dev", events=way), [])
    assert complaint.level is Level.WARNING
    assert sentence in complaint.sentence
    assert remedy in complaint.remedy


@pytest.mark.parametrize(
    ("story", "statement", "lets"),
    [
        ("as deployed", {}, True),
        ("several actions", {"Action": ["sqs:ReceiveMessage", "SQS:SendMessage"]}, True),
        ("another action", {"Action": "sqs:ReceiveMessage"}, False),
        ("another service", {"Principal": {"Service": "sns.amazonaws.com"}}, False),
        ("denied", {"Effect": "Deny"}, False),
    ],
)
def test_a_policy_lets_events_in_or_not(story: str, statement: dict[str, object], lets: bool) -> None:
    own = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    assert lets_events_in(json.dumps({"Statement": [{**own, **statement}]})) is lets, story


def test_the_doctor_reads_what_is_deployed() -> None:
    """All is well; then somebody disables the rule and deletes the queue."""
    with shell(Service(has_target_group=False), instances=1) as told:
        (advice,) = json.loads(told.quietly("doctor -o json").stdout)
        assert advice["level"] == "advice"
        boto3.client("events").disable_rule(Name=NAME)
        sqs = boto3.client("sqs")
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=NAME)["QueueUrl"])
        said = [one["sentence"] for one in json.loads(told.quietly("doctor -o json").stdout)][:-1]
        assert [f"the rule {NAME} is disabled" in said[0], f"there is no queue {NAME}" in said[1]] == [
            True
        ] * 2
