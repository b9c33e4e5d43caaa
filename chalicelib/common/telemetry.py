"""The Logger and the Metrics of every function, and what is measured, declared once.

Metrics are written as log lines (Embedded Metric Format), so that measuring costs no call:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.common.model import instant
from chalicelib.tell.ending import tasks_alive

NAMESPACE = "ecs-drainer"

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", NAMESPACE)
"""`ecs-drainer-<stage>`, by .chalice/config.json: stages must not share metrics, or their alarms."""

logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)

LET_GO = frozenset({"drained", "nothing-to-drain", "agent-lost", "deadline", "abandoned", "already-done"})
"""The outcomes after which the instance goes, or may."""


EXPLAINED = {
    "near-deadline": "DrainsNearDeadline",
    "gates-closed": "DrainsAtClosedGates",
    "blocked": "BlockedDrains",
    "events-lost": "DrainsWithoutEvents",
}
"""What an explanation counts as, by its occasion; any other is of a drain that is stuck."""

COUNTED = {"failed": "FailedDrains", "troubled": "TroubledDrains", "heartbeat-refused": "RefusedHeartbeats"}
"""What other occasions count as."""


def with_metrics(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Write what a handler measured when it ends, and nothing where it measured nothing.

    Powertools' own `log_metrics` warns in each function that measures nothing, and most of ours don't.
    """

    @wraps(call)
    def measured(event: Any, context: Any) -> Any:
        try:
            return call(event, context)
        finally:
            if metrics.metric_set:
                metrics.flush_metrics()
            metrics.clear_metrics()  # flushing leaves all of it where POWERTOOLS_METRICS_DISABLED is set

    return measured


def measure(occasion: str, state: Mapping[str, Any], at: datetime) -> None:
    """Write the metrics of an occasion, by cluster and outcome where they are known."""
    if occasion == "explained":
        name = EXPLAINED.get(str(state["look"]["explain"]), "StuckDrains")
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    elif occasion in COUNTED:
        metrics.add_metric(name=COUNTED[occasion], unit=MetricUnit.Count, value=1)
    elif occasion == "ended":
        _measure_end(state, at)


def _measure_end(state: Mapping[str, Any], at: datetime) -> None:
    drain, look, outcome = state["drain"], state["look"], state["outcome"]["name"]
    clusters = [item["cluster"].rsplit("/", 1)[-1] for item in drain["containers"]]
    metrics.add_dimension(name="cluster", value=",".join(clusters) or "none")
    metrics.add_dimension(name="outcome", value=outcome)
    metrics.add_metric(name="DrainDuration", unit=MetricUnit.Seconds, value=_seconds(drain["started_at"], at))
    metrics.add_metric(name="Looks", unit=MetricUnit.Count, value=look["memory"]["looks"])
    metrics.add_metric(name="ForcedStops", unit=MetricUnit.Count, value=len(state["stopped"]["asked"]))
    alive = tasks_alive(look) if outcome in LET_GO else 0
    metrics.add_metric(name="TasksAliveAtContinue", unit=MetricUnit.Count, value=alive)
    if outcome == "drained" and look["memory"]["last_stopped_at"]:
        delay = _seconds(look["memory"]["last_stopped_at"], at)
        metrics.add_metric(name="ContinueDelay", unit=MetricUnit.Seconds, value=max(0, delay))


def _seconds(since: str, at: datetime) -> float:
    return (at - instant(since)).total_seconds()
