"""Resource policies let a service in, or they don't."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded_aws.permissions import ServiceRequest, lets_in

RULE = "arn:aws:events:eu-west-1:123456789012:rule/drain"
REQUEST = ServiceRequest("events.amazonaws.com", "sqs:SendMessage", RULE)
ALLOW = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}

IN_THE_CLEAR, OVER_TLS = (
    ALLOW | {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": secure}}}
    for secure in ("false", "true")
)


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("story", "document", "allowed"),
    [
        ("no policy", None, False),
        ("an empty text", "", False),
        ("allowed", policy(ALLOW), True),
        ("allowed, as text", json.dumps(policy(ALLOW)), True),
        ("a single statement needs no list", {"Statement": ALLOW}, True),
        ("another service", policy(ALLOW | {"Principal": {"Service": "sns.amazonaws.com"}}), False),
        ("any principal", policy(ALLOW | {"Principal": "*"}), True),
        ("another action", policy(ALLOW | {"Action": "sqs:ReceiveMessage"}), False),
        ("actions are not case-sensitive", policy(ALLOW | {"Action": ["SQS:Send*"]}), True),
        ("of this rule", policy(ALLOW | {"Condition": {"ArnEquals": {"aws:SourceArn": RULE}}}), True),
        (
            "of rules like it",
            policy(ALLOW | {"Condition": {"ArnLike": {"AWS:SourceArn": "arn:*:rule/d*"}}}),
            True,
        ),
        ("of another rule", policy(ALLOW | {"Condition": {"ArnLike": {"aws:SourceArn": "arn:x"}}}), False),
        (
            "of an account",
            policy(ALLOW | {"Condition": {"StringEquals": {"aws:SourceAccount": ["1"]}}}),
            False,
        ),
        ("unknown keys never hold", policy(ALLOW | {"Condition": {"StringEquals": {"aws:x": "y"}}}), False),
        ("unknown operators never hold", policy(ALLOW | {"Condition": {"IpAddress": {"aws:x": "*"}}}), False),
        ("services speak TLS", policy(ALLOW, IN_THE_CLEAR), True),
        ("a denial of all that is sent over TLS", policy(ALLOW, OVER_TLS), False),
        ("a denial wins", policy(ALLOW, ALLOW | {"Effect": "Deny", "Action": "*"}), False),
    ],
)
def test_a_policy_lets_eventbridge_in(story: str, document: Any, allowed: bool) -> None:
    assert lets_in(document, REQUEST) is allowed, story
