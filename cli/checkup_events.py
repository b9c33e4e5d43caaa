"""What `ecs-drainer doctor` says of the way that ECS's events take: rule, queue, its policy, the function behind it.

Nothing here is an error: a drain that hears of no event finds by its safety look what none told, later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.explain.words import count
from chalicelib.gateways.aws import client, translated
from cli.checkup_found import Complaint, EventsWay, Level
from cli.installation import Installation

LATER = "drains end later than they could"
Answer = dict[str, Any]


def read_way(at: Installation) -> EventsWay:
    """Return how the stage's events of ECS reach it; raises the gateways' errors."""
    rule = _rule(at.ecs_events)
    queue = _queue(at.ecs_events)
    dead = _queue(at.ecs_events_dead_letters)
    return EventsWay(
        rule=rule,
        aims_at_queue=rule != "missing" and _targets(at.ecs_events, at.ecs_events),
        waiting=None if queue is None else int(queue["ApproximateNumberOfMessages"]),
        lets_events_in=queue is not None and lets_events_in(queue.get("Policy", "{}")),
        mapping=_mapping(at) if queue is not None else "missing",
        is_late=_rings(f"{at.ecs_events}-late"),
        dead_letters=None if dead is None else int(dead["ApproximateNumberOfMessages"]),
    )


def _rule(name: str) -> str:
    aws = client("events")
    with translated():
        try:
            return str(aws.describe_rule(Name=name)["State"])
        except aws.exceptions.ResourceNotFoundException:
            return "missing"


def _targets(rule: str, queue: str) -> bool:
    with translated():
        targets = client("events").list_targets_by_rule(Rule=rule)["Targets"]
    return any(target["Arn"].rsplit(":", 1)[-1] == queue for target in targets)


def _queue(name: str) -> Answer | None:
    aws = client("sqs")
    with translated():
        try:
            url = aws.get_queue_url(QueueName=name)["QueueUrl"]
        except aws.exceptions.QueueDoesNotExist:
            return None
        wanted = ["ApproximateNumberOfMessages", "Policy"]
        attributes: Answer = aws.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)["Attributes"]
    return attributes


def lets_events_in(policy: str) -> bool:
    """Whether a queue's policy, as JSON, lets EventBridge send to it, on whatever condition."""
    statements = json.loads(policy).get("Statement", [])
    return any(
        each.get("Effect") == "Allow"
        and "events.amazonaws.com" in json.dumps(each.get("Principal", ""))
        and any(
            f'"{action}"' in json.dumps(each.get("Action", "")).lower()
            for action in ("sqs:sendmessage", "sqs:*")
        )
        for each in statements
    )


def _mapping(at: Installation) -> str:
    queue = f"arn:{at.partition}:sqs:{at.region}:{at.account}:{at.ecs_events}"
    with translated():
        found = client("lambda").list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"]
    function = f":function:{at.function('wake')}"
    states = [str(each["State"]) for each in found if function in each["FunctionArn"]]
    return "Enabled" if "Enabled" in states else next(iter(states), "missing")


def _rings(alarm: str) -> bool:
    with translated():
        alarms = client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    return any(each["StateValue"] == "ALARM" for each in alarms)


def of_the_way(way: EventsWay, subject: str, name: str, redeploy: str) -> Iterator[Complaint]:
    """Yield what is wrong with it; `name`: of the rule and of the queue."""
    for sentence, remedy in (*_of_the_rule(way, name, redeploy), *_of_the_queue(way, name, redeploy)):
        yield Complaint(Level.WARNING, subject, sentence, remedy)


def _of_the_rule(way: EventsWay, name: str, redeploy: str) -> Iterator[tuple[str, str]]:
    if way.rule == "missing":
        yield f"there is no rule {name}: no event of ECS is heard, and {LATER}", redeploy
    elif way.rule != "ENABLED":
        sentence = f"the rule {name} is {way.rule.lower()}: no event of ECS is heard, and {LATER}"
        yield sentence, f"aws events enable-rule --name {name}"
    elif not way.aims_at_queue:
        yield f"the rule {name} does not send to the queue of its name: {LATER}", redeploy


def _of_the_queue(way: EventsWay, name: str, redeploy: str) -> Iterator[tuple[str, str]]:
    if way.waiting is None:
        yield f"there is no queue {name}: no event of ECS is heard, and {LATER}", redeploy
        return
    if not way.lets_events_in:
        yield f"the policy of queue {name} does not let EventBridge send to it: {LATER}", redeploy
    if way.mapping != "Enabled":
        sentence = f"what takes events from queue {name} to wake is {way.mapping.lower()}: {LATER}"
        yield (
            sentence,
            "aws lambda update-event-source-mapping --enabled --uuid (of wake); where it is missing, "
            + redeploy,
        )
    if way.is_late:
        yield (
            f"{count(way.waiting, 'event')} of ECS wait in queue {name}, the oldest for longer than a minute: {LATER}",
            f"look at the errors of wake: aws logs tail /aws/lambda/{name.removesuffix('ecs-events')}wake --since 1h",
        )
    if way.dead_letters is None:
        yield f"there is no queue {name}-dead-letters: events that fail are lost", redeploy
    elif way.dead_letters:
        yield (
            f"{count(way.dead_letters, 'event')} of ECS could not be handled and wait in {name}-dead-letters",
            "see docs/operations.md, Events of ECS",
        )
