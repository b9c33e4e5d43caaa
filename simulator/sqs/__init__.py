"""SQS as a source of a function's events: Lambda's pollers, on the virtual clock."""

from simulator.sqs.mappings import install
from simulator.sqs.metrics import QueueMetrics
from simulator.sqs.pollers import SOONEST_SECONDS, pollers

__all__ = ["SOONEST_SECONDS", "QueueMetrics", "install", "pollers"]
