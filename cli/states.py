"""What states and events of the drain's machine mean to somebody who follows a drain. Pure data."""

from __future__ import annotations

TOLD = {
    "Set DRAINING": ("draining", "the container instance is set DRAINING"),
    "Complete the lifecycle action": ("completed", "the lifecycle action is completed"),
    "Terminate the instance": ("terminated", "its Auto Scaling group is asked to terminate it"),
    # Of the release before.
    "Complete the lifecycle action by instance id": ("completed", "the lifecycle action is completed"),
    "Return to service": ("active", "the container instance is set ACTIVE again, as was asked"),
}
"""What is said when a state is left."""

FOUND = {
    "deadline": ("deadline", "the deadline is reached with tasks left"),
    "taken-back": ("taken-back", "somebody set the container instance ACTIVE"),
    "agent-lost": ("agent-lost", "the ECS agent stays disconnected"),
}
"""What is said when a Choice finds an outcome."""

QUIET = frozenset(
    {
        "Open the ledger entry",
        "Read the open drain",
        "Look at the open execution",
        "Stop the open execution",
        "Close the record of the other drain",
        "Update the container instances",
        "Reactivate",
        "Tell",
        "Wait for events",
        "Record a heartbeat",
        "Close the ledger entry",
        "Free a slot",
    }
) | frozenset(
    {  # of the release before
        "Take over the ledger entry",
        "Bring back",
        "Compose the start notice",
        "Publish the start",
        "Compose the explanation",
        "Publish the explanation",
        "Compose the closing notice",
        "Publish the outcome",
        "Compose the failure notice",
        "Publish the failure",
        "Tell the stage the outcome",
        "Record a heartbeat by instance id",
        "Record the failure",
    }
)
"""States whose end is no news to who follows; a Task that is not among them is told by its name, once."""

FAILED = frozenset(
    {
        "TaskFailed",
        "TaskTimedOut",
        "TaskStartFailed",
        "TaskSubmitFailed",
        "LambdaFunctionFailed",
        "EvaluationFailed",
    }
)
"""The types of events by which a try of a Task has failed: after the last an expression refused what it was answered.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""
