"""What the states of the drain's machine mean to somebody who follows a drain. Pure data."""

from __future__ import annotations

TOLD = {
    "Set DRAINING": ("draining", "the container instance is set DRAINING"),
    "Set ACTIVE again": ("active", "the container instance is set ACTIVE again"),
    "Complete the lifecycle action": ("completed", "the lifecycle action is completed"),
    "Complete the lifecycle action by instance id": ("completed", "the lifecycle action is completed"),
    "Deadline reached": ("deadline", "the deadline is reached with tasks left"),
    "Taken back": ("taken-back", "somebody set the container instance ACTIVE"),
    "Agent lost": ("agent-lost", "the ECS agent stays disconnected"),
    "Return to service": ("active", "the container instance is set ACTIVE again, as was asked"),
    "Terminate the instance": ("terminated", "its Auto Scaling group is asked to terminate it"),
}
"""What is said when a state is left."""

QUIET = frozenset(
    {
        "Open the ledger entry",
        "Take over the ledger entry",
        "Read the open drain",
        "Look at the open execution",
        "Stop the open execution",
        "Update the container instances",
        "Reactivate",
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
        "Record a heartbeat",
        "Record a heartbeat by instance id",
        "Record the failure",
        "Close the ledger entry",
    }
)
"""States whose end is no news to who follows; a Task that is not among them is told by its name, once."""
