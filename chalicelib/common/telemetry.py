"""The Logger and the Metrics of every function, and the trace id of the drain that it is invoked for.

Metrics are written as log lines (Embedded Metric Format), so that measuring costs no call:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics

from chalicelib.common.tracing import FIELD, execution_of, trace_id

NAMESPACE = "ecs-drainer"

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", NAMESPACE)
"""`ecs-drainer-<stage>`, by .chalice/config.json: stages must not share metrics, or their alarms."""

logger = Logger(service=SERVICE, json_serializer=partial(json.dumps, default=str, separators=(",", ":")))
"""In ASCII, other characters escaped: nothing from outside turns, hides or forges a line where logs are read."""
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


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


def with_trace(call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Put the trace id of the drain into every line that a handler logs; Powertools clears it before the next one."""

    @wraps(call)
    def traced(event: Any, context: Any) -> Any:
        execution = execution_of(event)
        if execution:
            logger.append_keys(**{FIELD: trace_id(execution)})
        return call(event, context)

    return traced
