"""The few things that tests of one service need of another."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from embedded_aws.clients import client

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def role(name: str = "worker") -> str:
    """Make an IAM role; returns its ARN."""
    return str(client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"])


def zipped(**modules: str) -> bytes:
    """Zip Python modules, as a deployment package."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as code:
        for name, source in modules.items():
            code.writestr(f"{name}.py", source)
    return package.getvalue()


def function(name: str, handler: str = "app.handle", code: bytes | None = None, **more: Any) -> str:
    """Create a Lambda function with a role of its own; returns its ARN."""
    created = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=role(f"{name}-role"),
        Handler=handler,
        Code={"ZipFile": code or zipped(app="")},
        **more,
    )
    return str(created["FunctionArn"])


def queue(name: str) -> tuple[str, str]:
    """Create an SQS queue; returns its URL and ARN."""
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, attributes["Attributes"]["QueueArn"]


def messages(url: str) -> list[dict[str, Any]]:
    """Take up to ten messages off a queue."""
    received: list[dict[str, Any]] = (
        client("sqs")
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        .get("Messages", [])
    )
    return received
