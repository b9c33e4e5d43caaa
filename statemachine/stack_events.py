"""What CloudFormation says of a stack's resources when something went wrong, as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from botocore.exceptions import ClientError


def latest_event(client: Any, stack_name: str) -> str | None:
    """Return the id of the stack's newest event, so that later ones can be told apart; None for no stack."""
    try:
        return next((str(event["EventId"]) for event in _newest_first(client, stack_name)), None)
    except ClientError:
        return None


def failures_since(client: Any, stack_id: str, event_id: str | None) -> list[str]:
    """Return a sentence for each resource that failed after an event, in the order in which they failed."""
    later = takewhile(lambda event: event["EventId"] != event_id, _newest_first(client, stack_id))
    return [_sentence(event) for event in later if _is_a_cause(event)][::-1]


def _newest_first(client: Any, stack: str) -> Iterator[dict[str, Any]]:
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack):
        yield from page["StackEvents"]


def _is_a_cause(event: dict[str, Any]) -> bool:
    # A resource that is cancelled because another one failed is an echo of the cause.
    cancelled = "cancelled" in event.get("ResourceStatusReason", "").lower()
    return str(event["ResourceStatus"]).endswith("_FAILED") and not cancelled


def _sentence(event: dict[str, Any]) -> str:
    reason = event.get("ResourceStatusReason", "CloudFormation gives no reason")
    return f"{event['LogicalResourceId']} ({event['ResourceType']}) is {event['ResourceStatus']}: {reason}"
