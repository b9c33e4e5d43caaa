"""SQS as a source of a function's events: Lambda's pollers, on the virtual clock."""

from embedded_aws.sqs.mappings import install
from embedded_aws.sqs.metrics import QueueMetrics
from embedded_aws.sqs.pollers import SOONEST_SECONDS, deliver_again, pollers

__all__ = ["SOONEST_SECONDS", "QueueMetrics", "deliver_again", "install", "pollers"]
