"""What the history of an execution says of its drain: the machine's variables, as one whole state. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def state_after(state: Mapping[str, Any], exited: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the machine's whole state after a state was left, given the details of its StateExited event.

    `assignedVariables` holds each variable as JSON. Executions of the release before kept everything in the output.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StateExitedEventDetails.html
    """
    assigned = exited.get("assignedVariables")
    if assigned:
        return {**state, **{name: json_value(text) for name, text in assigned.items()}}
    output = json_value(exited.get("output"))
    return output if isinstance(output, dict) and "drain" in output and not _has_variables(state) else state


def json_value(text: str | None) -> Any:
    """Return the value of a JSON text; None where AWS left it out, or cut it, as it does above 256 KiB."""
    try:
        return json.loads(text or "null")
    except ValueError:
        return None


def message_of(cause: str) -> str:
    """Return the message of a function's error, which Step Functions passes on as JSON, or the cause as it is.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    said = json_value(cause)
    return str(said.get("errorMessage", cause)) if isinstance(said, dict) else cause


def _has_variables(state: Mapping[str, Any]) -> bool:
    """Whether the state is of variables: `again` is one that no release before had."""
    return "again" in state
