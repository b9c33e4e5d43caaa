"""One notification in every form in which somebody reads it: words, a chat channel's format, and JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.common.wording import harmless, one_line
from chalicelib.tell.chat import chat_notification

SUBJECT_LIMIT = 100
"""SNS refuses longer subjects: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""

LONGEST_TEXT = 15_000
LONGEST_RECORD = 15_000
"""Characters. A message may have 256 KiB with a body for each kind of subscriber, and so may the machine's state, which
carries the message from the function that wrote it to the state that publishes it."""

FOR_PROGRAMS = ("sqs", "lambda", "http", "firehose")
"""The protocols of programs alone; `https` is theirs and that of chat channels, and every other one gets the text."""

CHAT, JSON = "chat", "json"
"""What subscribers by `https` get."""

LONGEST_ATTRIBUTE = 256
MOST_CLUSTERS = 10


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification."""

    subject: str
    text: str
    record: dict[str, Any]

    def to_state(self, https: str = CHAT) -> dict[str, Any]:
        """Return what `sns:publish` sends with MessageStructure `json`: a body for each kind of subscriber.

        `https`: `chat` or `json`, for AWS has chat channels and other web hooks subscribe by the same protocol.
        """
        record = json.dumps(fitting(self.record), sort_keys=True)
        chat = json.dumps(chat_notification(one_line(self.subject), harmless(self.text), self.record))
        bodies = {
            "default": harmless(self.text)[:LONGEST_TEXT],
            **dict.fromkeys(FOR_PROGRAMS, record),
            "https": record if https == JSON else chat,
        }
        return {"subject": subject_of(self.subject), "message": json.dumps(bodies)}

    def attributes(self) -> dict[str, dict[str, str]]:
        """Return what subscribers can filter by, as SNS takes it: event, severity, clusters and Auto Scaling group.

        https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html takes no empty value.
        """
        group = self.record.get("auto_scaling_group")
        words = {"event": self.record.get("event"), "severity": self.record.get("severity"), "group": group}
        told = {
            name: {"DataType": "String", "StringValue": one_line(str(value))[:LONGEST_ATTRIBUTE]}
            for name, value in words.items()
            if value
        }
        clusters = [name.rsplit("/", 1)[-1] for name in self.record.get("clusters") or []][:MOST_CLUSTERS]
        if clusters:
            told["cluster"] = {"DataType": "String.Array", "StringValue": json.dumps(clusters)}
        return told


def subject_of(text: str) -> str:
    """Return a text as SNS takes it for a subject: ASCII on one line, no more than 100 characters.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html; who starts an execution by hand may name any instance.
    """
    return one_line(text).encode("ascii", "backslashreplace").decode()[:SUBJECT_LIMIT]


def fitting(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record, without the blockers' details where it would be too long with them."""
    blockers = record.get("blockers")
    if len(json.dumps(record)) <= LONGEST_RECORD or not isinstance(blockers, Mapping):
        return dict(record)
    return {**record, "blockers": {**blockers, "groups": [], "more_groups": len(blockers["groups"])}}
