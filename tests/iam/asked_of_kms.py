"""What KMS is asked in the name of who calls a service, where what the call reads or writes has a customer key.

Each service asks through itself, with an encryption context that names the thing:
https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html (and SNS's, SQS's, Step Functions' guides).
"""

from __future__ import annotations

from collections.abc import Iterator

from embedded_aws.requests import Call
from tests.iam.asked_of_iam import REGION, requests_of
from tests.iam.evaluator import Request

VIA = "kms:ViaService"
CONTEXT = "kms:EncryptionContext:aws:"


def key_requests_of(call: Call, key: str) -> Iterator[Request]:
    """Yield what KMS is asked for one call; nothing where it decrypts nothing in the caller's name."""
    for request in requests_of(call):
        service, operation = request.action.split(":")
        name = request.resource.rsplit(":", 1)[-1]
        if service == "dynamodb":
            table = name.removeprefix("table/").split("/")[0]
            yield asked("Decrypt", key, service, "dynamodb:tableName", table)
        elif request.action == "sns:Publish":
            for action in ("GenerateDataKey", "Decrypt"):
                yield asked(action, key, service, "sns:topicArn", request.resource)
        elif service == "states" and operation == "DescribeExecution":
            machine = request.resource.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
            yield asked("Decrypt", key, service, "states:stateMachineArn", machine)


def asked(action: str, key: str, service: str, of: str, value: str) -> Request:
    """Return a request for a key, through a service and for one thing."""
    context = ((VIA, f"{service}.{REGION}.amazonaws.com"), (f"{CONTEXT}{of}", value))
    return Request(f"kms:{action}", key, context)
