"""Puts the events of drains on a bus of Amazon EventBridge, where programs hook on."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from chalicelib.gateways.aws import client, ours, translated
from chalicelib.tell.event import SOURCE, DrainEvent


def put(event: DrainEvent, bus: str) -> None:
    """Put one event on a bus, given by name.

    Raises what every gateway does, and the same where the answer is of HTTP 200 and the event was refused:
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
    """
    entry = {
        "EventBusName": bus,
        "Source": SOURCE,
        "DetailType": event.detail_type,
        "Detail": json.dumps(event.detail, sort_keys=True),
        "Resources": list(event.resources),
        "Time": event.at,
    }
    with translated():
        answer = client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        (refused,) = answer["Entries"]
        said = {"Code": refused.get("ErrorCode", "Unknown"), "Message": refused.get("ErrorMessage", "")}
        raise ours(ClientError({"Error": said}, "PutEvents"))
