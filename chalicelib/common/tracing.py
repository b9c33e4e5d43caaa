"""The trace id of a drain: one identifier through logs, notices, events and the command, derived and stored nowhere.

32 hexadecimal digits, as W3C Trace Context has them (https://www.w3.org/TR/trace-context/#trace-id), under the name
that OpenTelemetry reads in logs: https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

FIELD = "trace_id"
"""The name of the field in logs, records and events."""

DIGITS = 32


def trace_id(execution: str) -> str:
    """Return the trace id of a drain or fleet, given its execution's ARN: the same wherever it is asked for."""
    return sha256(execution.encode()).hexdigest()[:DIGITS]


def execution_of(event: object) -> str | None:
    """Return the ARN of the execution that a function is invoked for, or None where it is for none, or for several."""
    if not isinstance(event, Mapping):
        return None
    held = event.get("drain")
    candidates: list[Any] = [
        event.get("execution"),
        held.get("execution") if isinstance(held, Mapping) else None,
    ]
    return next((arn for arn in candidates if isinstance(arn, str) and arn), None)
