"""What a fact needs around its machine: a queue, a topic, a table, a bucket, a function, a child."""

from __future__ import annotations

import io
import json
import zipfile
from types import SimpleNamespace
from typing import Any

from embedded_aws.aws import ACCOUNT_ID, REGION, current
from embedded_aws.awslambda import register_module
from embedded_aws.clients import client

ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/machine"
NAME = "conformance"


def set_up(given: dict[str, Any]) -> dict[str, str]:
    """Make what is given; returns what the names in `${…}` stand for."""
    names = {"Region": REGION, "AccountId": ACCOUNT_ID}
    for kind, details in given.items():
        names |= MAKERS[kind](fill_in(details, names))
    return names


def fill_in(value: Any, names: dict[str, str]) -> Any:
    """Return the value with every `${Name}` filled in."""
    text = json.dumps(value)
    for name, stands_for in names.items():
        text = text.replace(f"${{{name}}}", stands_for)
    return json.loads(text)


def token_of_next_message(queue_url: str) -> str:
    """Take the queue's next message; returns the token that stands in it."""
    clock = current().clock
    for _ in range(60):
        clock.advance(1)
        for message in client("sqs").receive_message(QueueUrl=queue_url).get("Messages", []):
            client("sqs").delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            return str(json.loads(message["Body"])["TaskToken"])
    raise LookupError("no message has come")


def _queue(_: Any) -> dict[str, str]:
    return {"QueueUrl": client("sqs").create_queue(QueueName=NAME)["QueueUrl"]}


def _topic(details: dict[str, Any]) -> dict[str, str]:
    names = {"TopicArn": client("sns").create_topic(Name=NAME)["TopicArn"]}
    if details.get("subscribed_queue"):
        names |= _queue({})
        queue = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{NAME}"
        raw = {"RawMessageDelivery": "true"}
        client("sns").subscribe(TopicArn=names["TopicArn"], Protocol="sqs", Endpoint=queue, Attributes=raw)
    return names


def _table(details: dict[str, Any]) -> dict[str, str]:
    key = details.get("key", "id")
    client("dynamodb").create_table(
        TableName=NAME,
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return {"TableName": NAME}


def _bucket(_: Any) -> dict[str, str]:
    client("s3").create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": REGION})
    return {"BucketName": NAME}


def _child(definition: dict[str, Any]) -> dict[str, str]:
    created = client("stepfunctions").create_state_machine(
        name="child", definition=json.dumps(definition), roleArn=ROLE
    )
    return {"ChildArn": created["stateMachineArn"]}


def _function(behaviour: dict[str, Any]) -> dict[str, str]:
    def handle(event: Any, _: Any) -> Any:
        return _behave(behaviour, event)

    register_module("conformance_function", SimpleNamespace(handle=handle))
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as code:
        code.writestr("conformance_function.py", "")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    created = client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=client("iam").create_role(RoleName="function", AssumeRolePolicyDocument=trust)["Role"]["Arn"],
        Handler="conformance_function.handle",
        Code={"ZipFile": package.getvalue()},
        Timeout=behaviour.get("sleeps_seconds", 3) + 1,
    )
    return {"FunctionName": NAME, "FunctionArn": created["FunctionArn"]}


def _behave(behaviour: dict[str, Any], event: Any) -> Any:
    if "raises" in behaviour:
        name, message = behaviour["raises"]
        raise type(name, (Exception,), {"__module__": "builtins"})(message)
    if "sleeps_seconds" in behaviour:
        current().clock.sleep(behaviour["sleeps_seconds"])
    if "returns_text_of_bytes" in behaviour:
        return "0" * behaviour["returns_text_of_bytes"]
    return event if behaviour.get("returns") == "event" else None


MAKERS = {
    "queue": _queue,
    "topic": _topic,
    "table": _table,
    "bucket": _bucket,
    "child": _child,
    "function": _function,
}
