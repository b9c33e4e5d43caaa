"""Takes messages out of what carries them: SNS and SQS records, SNS inside SQS, dead letters."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.wording import shown

DEEPEST = 5
"""A dead-lettered SQS record of an SNS notification of a hook message is four deep."""

_LINE = re.compile(r"\s*([A-Za-z][A-Za-z0-9]*)\s*[:=]\s*(.*?)\s*")


def messages(event: object, depth: int = 0) -> Iterator[Mapping[str, Any] | InvalidEvent]:
    """Yield each message that an event carries, unwrapped, or the error that says why it is none.

    Known wrappings: `Records` of SNS and SQS, an SNS notification as the body of an SQS record, and
    `requestPayload` of what Lambda sends to an on-failure destination, so that the dead-letter queue can be
    redriven: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    if not isinstance(event, Mapping):
        yield InvalidEvent(f"the event is {shown(event)}: expected an object")
        return
    wrapped = _contents(event) if depth < DEEPEST else None
    if wrapped is None:
        yield event
        return
    for content in wrapped:
        yield from messages(_read(content) if isinstance(content, str) else content, depth + 1)


def _contents(event: Mapping[str, Any]) -> list[object] | None:
    """Return what an envelope holds, or None for a message that is no envelope."""
    if isinstance(event.get("Records"), list):
        return [_record(record) for record in event["Records"]]
    if event.get("Type") == "Notification" and "Message" in event:
        return [event["Message"]]
    return [event["requestPayload"]] if "requestPayload" in event else None


def _record(record: object) -> object:
    """Return the message of one SNS or SQS record; anything else as it is, to be refused by the parser."""
    if not isinstance(record, Mapping):
        return record
    notification = record.get("Sns")
    return notification.get("Message") if isinstance(notification, Mapping) else record.get("body", record)


def _read(text: str) -> object:
    """Read a body: JSON, or the `Key: value` lines that SNS's documentation calls key-value format."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        lines = [_LINE.fullmatch(line) for line in text.splitlines()]
        return {line[1]: line[2] for line in lines if line} or text
