"""Counts the messages of SQS queues, and puts off those that could not be handled."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.common.errors import AccessDenied, AwsRefused
from chalicelib.gates.seen import Counts
from chalicelib.gateways.aws import client, in_batches, translated

VISIBLE = "ApproximateNumberOfMessages"
IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"
DELAYED = "ApproximateNumberOfMessagesDelayed"

POSTPONED_AT_ONCE = 10
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html"""


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


def postpone(queue: str, seconds: Mapping[str, int]) -> None:
    """Have messages of a queue, given its ARN, delivered again after so many seconds, by their receipt handles.

    One that can't be is delivered again when its queue's own time-out is over, so single refusals are passed over.
    Raises Throttled, AwsUnavailable, AccessDenied or AwsRefused where none could be.
    """
    url = _url(queue) if seconds else ""
    for batch in in_batches(sorted(seconds.items()), POSTPONED_AT_ONCE):
        entries = [
            {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": wait}
            for number, (handle, wait) in enumerate(batch)
        ]
        with translated():
            client("sqs").change_message_visibility_batch(QueueUrl=url, Entries=entries)


def _url(queue: str) -> str:
    if not queue.startswith("arn:"):
        return queue
    account, name = queue.split(":")[4:6]
    with translated():
        return str(client("sqs").get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"])
