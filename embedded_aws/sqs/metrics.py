"""The metrics that SQS gives CloudWatch of each queue, as of the present minute; what was before is not kept.

Source: SQS developer guide, "Available CloudWatch metrics for Amazon SQS".
"""

from __future__ import annotations

from typing import Any

from moto.cloudwatch.models import MetricDatum
from moto.core.common_models import CloudWatchMetricProvider
from moto.sqs.models import sqs_backends

from embedded_aws import aws


class QueueMetrics(CloudWatchMetricProvider):  # type: ignore[misc]  # moto finds the subclasses of its class
    """AWS/SQS for moto's CloudWatch."""

    @classmethod
    def get_cloudwatch_metrics(cls, account_id: str, region: str) -> list[Any]:
        """Return the metrics of every queue."""
        if not aws.is_running():
            return []
        return [
            _datum(queue.name, name, value)
            for queue in sqs_backends[account_id][region].queues.values()
            for name, value in _values(queue).items()
        ]


def _values(queue: Any) -> dict[str, float]:
    now = aws.now().timestamp()
    sent = [message.sent_timestamp / 1000 for message in queue._messages]
    return {
        "ApproximateAgeOfOldestMessage": now - min(sent, default=now),
        "ApproximateNumberOfMessagesVisible": len(queue.messages),
        "ApproximateNumberOfMessagesNotVisible": queue.approximate_number_of_messages_not_visible,
        "ApproximateNumberOfMessagesDelayed": queue.approximate_number_of_messages_delayed,
    }


def _datum(queue: str, name: str, value: float) -> Any:
    minute = aws.now().replace(second=0, microsecond=0, tzinfo=None)  # as moto keeps its instants
    dimensions = [{"Name": "QueueName", "Value": queue}]
    return MetricDatum("AWS/SQS", name, value, dimensions, minute)
