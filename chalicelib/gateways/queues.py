"""Counts the messages of SQS queues."""

from __future__ import annotations

from chalicelib.errors import AccessDenied, AwsRefused
from chalicelib.gates.seen import Counts
from chalicelib.gateways.aws import client, translated

VISIBLE = "ApproximateNumberOfMessages"
IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"
DELAYED = "ApproximateNumberOfMessagesDelayed"


def count(queue: str) -> Counts | str:
    """Return the counts of a queue, given its URL or ARN, or why they can't be read.

    A queue that is gone has no counts either, and is not empty: its name may be misspelt, and then messages of another
    queue are in the hands of the tasks. The gate stays closed and says so, and the tag's owner corrects it.
    Raises Throttled or AwsUnavailable: the state machine asks again.
    """
    try:
        with translated():
            attributes = client("sqs").get_queue_attributes(
                QueueUrl=_url(queue), AttributeNames=[VISIBLE, IN_FLIGHT, DELAYED]
            )["Attributes"]
    except (AwsRefused, AccessDenied) as refusal:
        return str(refusal)
    return Counts(*(int(attributes[name]) for name in (VISIBLE, IN_FLIGHT, DELAYED)))


def _url(queue: str) -> str:
    if not queue.startswith("arn:"):
        return queue
    account, name = queue.split(":")[4:6]
    with translated():
        return str(client("sqs").get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])
