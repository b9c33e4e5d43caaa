"""Makes what an example's definition names: functions, queues, topics, tables and a bucket.

The substitutions say which: `${SayHelloFunctionArn}` is the function `say_hello` of functions.py,
`${TransactionsQueueUrl}` a queue, `${TransactionsTopicArn}` a topic that a queue of that name has subscribed to,
`${TransactionsTable}` a table with the key TransactionId. On AWS a template makes them, and passes their names as
DefinitionSubstitutions (see statemachine/template.yaml).
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from embedded_aws.aws import REGION
from embedded_aws.awslambda import register_module
from embedded_aws.clients import client
from examples.catalogue import Example
from statemachine.checks.wording import camel_case
from statemachine.definition_check import functions_in

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
BUCKET = "documents"


class Resources:
    """The resources of one example, made in the running embedded AWS as its definition asks for them."""

    def __init__(self, example: Example, variables: Mapping[str, str]) -> None:
        self.example = example
        self.queues: dict[str, str] = {}
        """Queue URLs by name; a topic's queue has the topic's name."""
        self.role = client("iam").create_role(RoleName="example", AssumeRolePolicyDocument=TRUST)["Role"][
            "Arn"
        ]
        client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._functions = self._make_functions({**variables, "DOCUMENTS_BUCKET": BUCKET})

    def substituted(self, definition: str) -> str:
        """Return a definition that names real resources, which are made on the way."""
        return re.sub(r"\$\{(\w+)\}", lambda token: self._named(token[1]), definition)

    def effects(self) -> dict[str, list[Any]]:
        """Return what the runs so far left in each queue (which this empties) and table, by name."""
        messages = {name: [_read(text) for text in _bodies(url)] for name, url in self.queues.items()}
        tables = client("dynamodb").list_tables()["TableNames"]
        items = {name: client("dynamodb").scan(TableName=name)["Items"] for name in tables}
        return {name: found for name, found in {**messages, **items}.items() if found}

    def _named(self, token: str) -> str:
        if token.endswith("FunctionArn"):
            return self._functions[token.removesuffix("FunctionArn")]
        if token.endswith("QueueUrl"):
            return self._queue(token.removesuffix("QueueUrl"))
        if token.endswith("TopicArn"):
            return self._topic(token.removesuffix("TopicArn"))
        return self._table(token)

    def _make_functions(self, variables: dict[str, str]) -> dict[str, str]:
        if self.example.functions is None:
            return {}
        register_module("functions", self.example.functions)
        names = functions_in(self.example.folder / "functions.py")
        return {camel_case(name): self._function(name, variables) for name in sorted(names)}

    def _function(self, name: str, variables: dict[str, str]) -> str:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as code:
            code.writestr("functions.py", "")
        made = client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self.role,
            Handler=f"functions.{name}",
            Code={"ZipFile": package.getvalue()},
            Timeout=30,
            Environment={"Variables": variables},
        )
        return str(made["FunctionArn"])

    def _queue(self, name: str) -> str:
        if name not in self.queues:
            self.queues[name] = str(client("sqs").create_queue(QueueName=name)["QueueUrl"])
        return self.queues[name]

    def _topic(self, name: str) -> str:
        topic = str(client("sns").create_topic(Name=name)["TopicArn"])
        if name not in self.queues:
            url = self._queue(name)
            attributes = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])[
                "Attributes"
            ]
            # Raw: the queue gets the message as it was published, without the topic's envelope around it.
            client("sns").subscribe(
                TopicArn=topic,
                Protocol="sqs",
                Endpoint=attributes["QueueArn"],
                Attributes={"RawMessageDelivery": "true"},
            )
        return topic

    def _table(self, name: str) -> str:
        if name not in client("dynamodb").list_tables()["TableNames"]:
            client("dynamodb").create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "TransactionId", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "TransactionId", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        return name


def _bodies(url: str) -> list[str]:
    received = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in received.get("Messages", [])]


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
