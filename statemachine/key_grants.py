"""What a function's role needs of the stage's customer key, by what the function is granted already.

AWS asks the caller of a service for the key as well. A role may use it through that service, for the one thing that is
encrypted, and for nothing else. Where a stage has no key of its own, AWS's keys ask nobody:
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class KeyGrant:
    """What one kind of thing that is encrypted asks of those who use it."""

    sid: str
    actions: tuple[str, ...]
    """Of KMS."""
    service: str
    """Through which KMS is asked, as in `kms:ViaService`."""
    context: str
    """The key of the encryption context that names what is encrypted."""
    named: str
    """Its name or ARN, `{}` for the app and stage."""

    def statement(self, key_arn: str, stage: str) -> dict[str, Any]:
        """Return the statement for a key, and a stage as in `ecs-drainer-dev`."""
        # Where Regions have another suffix, as in China, the service is called `sqs.cn-north-1.amazonaws.com.cn`.
        asked = {"kms:ViaService": f"{self.service}.*.amazonaws.com*", self.context: self.named.format(stage)}
        condition = {"StringLike": asked}
        grant = {"Sid": self.sid, "Effect": "Allow", "Action": list(self.actions)}
        return {**grant, "Resource": key_arn, "Condition": condition}


READ, WRITE = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
CONTEXT = "kms:EncryptionContext:aws:"
LEDGER = KeyGrant("KeyOfTheLedger", READ, "dynamodb", f"{CONTEXT}dynamodb:tableName", "{}-ledger")
"""DynamoDB has its table key decrypted for each caller, to read as to write:
https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html"""
TOPIC = KeyGrant("KeyOfTheTopic", WRITE, "sns", f"{CONTEXT}sns:topicArn", "arn:*:sns:*:*:{}-notifications")
DEAD_LETTERS = KeyGrant(
    "KeyOfDeadLetters", WRITE, "sqs", f"{CONTEXT}sqs:arn", "arn:*:sqs:*:*:{}-dead-letters"
)
EVENTS = KeyGrant("KeyOfEvents", READ, "sqs", f"{CONTEXT}sqs:arn", "arn:*:sqs:*:*:{}-ecs-events")
EXECUTIONS = KeyGrant(
    "KeyOfExecutions", READ, "states", f"{CONTEXT}states:stateMachineArn", "arn:*:states:*:*:stateMachine:{}"
)
"""To see an execution's definition and data. What starts or answers one is encrypted with the machine's role:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html"""

BY_ACTION: Mapping[str, KeyGrant] = {
    "dynamodb:": LEDGER,
    "sns:Publish": TOPIC,
    "sqs:SendMessage": DEAD_LETTERS,
    "sqs:ReceiveMessage": EVENTS,
    "states:DescribeExecution": EXECUTIONS,
}
"""By how the action that wants it begins."""


def key_grants(document: Mapping[str, Any], key_arn: str, stage: str) -> list[dict[str, Any]]:
    """Return the statements that a function's policy needs beside its own once the stage has a customer key.

    Args:
        document: the function's policy.
        key_arn: the customer key's ARN.
        stage: the app and stage, as in `ecs-drainer-dev`.
    """
    granted = set(_actions(document))
    return [
        grant.statement(key_arn, stage)
        for begins, grant in BY_ACTION.items()
        if any(action.startswith(begins) for action in granted)
    ]


def _actions(document: Mapping[str, Any]) -> Iterator[str]:
    for statement in document["Statement"]:
        action = statement["Action"]
        yield from [action] if isinstance(action, str) else action
