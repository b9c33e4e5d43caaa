"""The history of an execution: it ends with the execution, and at 25,000 events.

Source: Step Functions developer guide, "Avoid reaching the history quota": an execution with 24,999 events
succeeds if the next one is `ExecutionSucceeded`; otherwise the next one is `ExecutionFailed`.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

from embedded_aws.stepfunctions.aborting import follow

LARGEST_HISTORY = 25_000
CAUSE = f"The execution reached the maximum number of history events ({LARGEST_HISTORY})."
HISTORY_FULL = {"error": "States.Runtime", "cause": CAUSE}

ENDINGS = {
    HistoryEventType.ExecutionSucceeded,
    HistoryEventType.ExecutionFailed,
    HistoryEventType.ExecutionTimedOut,
    HistoryEventType.ExecutionAborted,
}

_add_event = EventManager.add_event


class HistoryFull(BaseException):  # no Retry and no Catch may stop it
    """Unwinds a thread of an execution whose history has no room for another event."""


def install() -> None:
    """Let histories end."""
    EventManager.has_ended = False
    EventManager.root = None
    EventManager.reported = None
    EventManager.add_event = _add_event_with_room


def _is_reported(events: Any, event_type: Any, event_details: Any = None, **_: Any) -> bool:
    """A Task, Map or Parallel state adds the event of every failure; an expression has added its own."""
    if event_type != HistoryEventType.EvaluationFailed or events.reported is None:
        return False
    cause = (event_details or {}).get("evaluationFailedEventDetails", {}).get("cause", "")
    if not cause.endswith(events.reported):
        return False
    events.reported = None
    return True


def _add_event_with_room(events: Any, context: Any, event_type: Any, *arguments: Any, **named: Any) -> Any:
    """Record the event, unless the execution has ended or nobody asks for the frame any more."""
    if events.has_ended or context.is_silent or _is_reported(events, event_type, **named):
        return context.last_published_event_id
    is_ending = event_type in ENDINGS
    if len(events._history_event_list) >= LARGEST_HISTORY - 1 and not is_ending:
        if events.root is not None:
            events.root.set_error(error=dict(HISTORY_FULL))
        raise HistoryFull
    events.has_ended = is_ending
    follow(context, event_type)
    return _add_event(events, context, event_type, *arguments, **named)
