"""What asks for a drain, read once at the edge: `parse_event` and `parse_manual` give a `DrainRequest`.

    for outcome in parse_event(event):
        if isinstance(outcome, DrainRequest):
            start(name=execution_name(outcome, at), input=execution_input(outcome))

Pure: no AWS, no clock. A sample of every event stands in tests/events/.
"""

from chalicelib.common.trigger import Trigger
from chalicelib.events.autoscaling import reconciled
from chalicelib.events.execution_names import execution_input, execution_name
from chalicelib.events.manual import parse_manual
from chalicelib.events.parse import parse_event, pattern_of_starts
from chalicelib.events.request import DrainRequest, Ignored, LifecycleAction, Outcome

__all__ = [
    "DrainRequest",
    "Ignored",
    "LifecycleAction",
    "Outcome",
    "Trigger",
    "execution_input",
    "execution_name",
    "parse_event",
    "parse_manual",
    "pattern_of_starts",
    "reconciled",
]
