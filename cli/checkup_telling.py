"""What `ecs-drainer doctor` says of whom the stage tells: who hears its alarms, and the bus that its events go to.

Nothing here is an error: drains work, and nobody learns that one doesn't.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.common.errors import Gone
from chalicelib.gateways.aws import all_pages, client, translated
from cli.checkup_found import Complaint, Level, Telling
from cli.installation import Installation

PENDING = "PendingConfirmation"


def read_listeners(at: Installation) -> tuple[int, int] | None:
    """Return how many subscriptions the alarms' topic has, confirmed and to be; None where there is no topic.

    One that is to be confirmed has that word for its ARN:
    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
    Raises the gateways' errors.
    """
    try:
        found = all_pages(
            client("sns").list_subscriptions_by_topic, "Subscriptions", "NextToken", TopicArn=at.alarms
        )
    except Gone:
        return None
    pending = sum(each["SubscriptionArn"] == PENDING for each in found)
    return len(found) - pending, pending


def has_bus(name: str) -> bool:
    """Whether the account has an EventBridge bus of this name here; raises the gateways' errors."""
    aws = client("events")
    with translated():
        try:
            aws.describe_event_bus(Name=name)
        except aws.exceptions.ResourceNotFoundException:
            return False
    return True


def of_telling(told: Telling, stage: str, alarms: str, redeploy: str) -> Iterator[Complaint]:
    """What keeps alarms and events from whoever should hear of them; `alarms`: the name of the alarms' topic."""
    if told.listeners is None:
        yield Complaint(Level.WARNING, stage, f"there is no topic {alarms}: its alarms tell nobody", redeploy)
    elif not told.listeners[0]:
        is_asked = "; a subscription waits to be confirmed" if told.listeners[1] else ""
        yield Complaint(
            Level.WARNING,
            stage,
            f"nobody has subscribed to topic {alarms}: when a drain fails, its alarm tells nobody{is_asked}",
            "confirm it by the link in its mail"
            if is_asked
            else f"aws sns subscribe --topic-arn $(aws sns list-topics --output text --query "
            f"\"Topics[?ends_with(TopicArn, ':{alarms}')].TopicArn\") --protocol email --notification-endpoint ADDRESS",
        )
    if told.lacks_bus:
        yield Complaint(
            Level.WARNING,
            stage,
            f"ECS_DRAINER_EVENT_BUS names {told.lacks_bus}, and there is no such bus: no event of a drain is put",
            f"aws events create-event-bus --name {told.lacks_bus}, or correct the setting and deploy",
        )
