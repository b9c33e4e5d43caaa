"""The harness of every example: makes what its definition names, runs its machine to the end, and keeps what happened.

The substitutions say what is made: `${SayHelloFunctionArn}` is the function `say_hello` of functions.py,
`${TransactionsQueueUrl}` a queue, `${TransactionsTopicArn}` a topic that a queue of that name has subscribed to,
`${TransactionsTable}` a table with the key TransactionId. On AWS a template makes them, and passes their names as
DefinitionSubstitutions (see statemachine/template.yaml).
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from embedded_aws.aws import ACCOUNT_ID, REGION, EmbeddedAws, embedded_aws
from embedded_aws.awslambda import register_module
from embedded_aws.clients import client
from examples.catalogue import Example
from statemachine.checks.wording import camel_case
from statemachine.definition_check import functions_in

BUCKET = "documents"


@dataclass(frozen=True)
class Answer:
    """What the starting function answered to one request."""

    request: Any
    payload: Any
    failed: bool


@dataclass(frozen=True)
class Run:
    """One execution from start to end; `answers` are those of the function that started it, where one did."""

    status: str
    input: Any
    output: Any = None
    error: str = ""
    cause: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether all went well, the starting function's answers included."""
        return self.status == "SUCCEEDED" and not any(answer.failed for answer in self.answers)

    @property
    def path(self) -> list[str]:
        """The names of the states entered, in order."""
        entered = [event for event in self.history if event["type"].endswith("StateEntered")]
        return [event["stateEnteredEventDetails"]["name"] for event in entered]


class Laboratory:
    """An example's machine, and what its definition names, in the running embedded AWS."""

    def __init__(self, aws: EmbeddedAws, example: Example, variables: dict[str, str]) -> None:
        self.aws = aws
        self.example = example
        self.queues: dict[str, str] = {}
        """Queue URLs by name; a topic's queue has the topic's name."""
        name = example.name.replace("_", "-")
        self.machine = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{name}"
        trust = json.dumps({"Version": "2012-10-17", "Statement": []})
        made = client("iam").create_role(RoleName="example", AssumeRolePolicyDocument=trust)
        self.role = str(made["Role"]["Arn"])
        client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.variables = {**variables, "STATE_MACHINE_ARN": self.machine, "DOCUMENTS_BUCKET": BUCKET}
        if example.functions is not None:
            register_module("functions", example.functions)
            for function in sorted(functions_in(example.folder / "functions.py")):
                self._make_function(function)
        definition = re.sub(r"\$\{(\w+)\}", lambda token: self._named(token[1]), example.definition_text)
        self.stepfunctions: Any = client("stepfunctions")
        self.stepfunctions.create_state_machine(name=name, definition=definition, roleArn=self.role)

    def run(self, given: Any, name: str = "example") -> Run:
        """Run the example with an input to its end, virtual time passing as it has to.

        `name` is the execution's: one of our own makes the output the same each time. Where a function starts
        the machine, a list is a request each, and the first execution is driven.
        """
        if self.example.start_function is None:
            started = self.stepfunctions.start_execution(
                stateMachineArn=self.machine, name=name, input=json.dumps(given)
            )
            return self._to_its_end(started["executionArn"], given, [])
        requests = given if isinstance(given, list) else [given]
        answers = [self.ask(self.example.start_function, request) for request in requests]
        arns = [answer.payload["ExecutionArn"] for answer in answers if not answer.failed]
        return (
            self._to_its_end(arns[0], given, answers) if arns else Run("NOT STARTED", given, answers=answers)
        )

    def ask(self, function: str, request: Any) -> Answer:
        """Invoke one of the example's functions."""
        answer = client("lambda").invoke(FunctionName=function, Payload=json.dumps(request).encode())
        return Answer(request, json.loads(answer["Payload"].read()), "FunctionError" in answer)

    def _to_its_end(self, arn: str, given: Any, answers: list[Answer]) -> Run:
        self.aws.clock.run_until(lambda: self._described(arn)["status"] != "RUNNING")
        ended = self._described(arn)
        pages = self.stepfunctions.get_paginator("get_execution_history").paginate(executionArn=arn)
        return Run(
            ended["status"],
            given,
            json.loads(ended["output"]) if "output" in ended else None,
            ended.get("error", ""),
            ended.get("cause", ""),
            ended["startDate"],
            ended.get("stopDate"),
            [event for page in pages for event in page["events"]],
            answers,
        )

    def _described(self, arn: str) -> Any:
        return self.stepfunctions.describe_execution(executionArn=arn)

    def effects(self) -> dict[str, list[Any]]:
        """Return what the runs so far left in each queue (which this empties) and table, by name."""
        found = {name: [_read(text) for text in _bodies(url)] for name, url in self.queues.items()}
        for name in client("dynamodb").list_tables()["TableNames"]:
            found[name] = client("dynamodb").scan(TableName=name)["Items"]
        return {name: each for name, each in found.items() if each}

    def _named(self, token: str) -> str:
        """Return the name or ARN that a substitution stands for; what has it is made on the way."""
        if token.endswith("FunctionArn"):
            names = {camel_case(each): each for each in functions_in(self.example.folder / "functions.py")}
            return f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{names[token.removesuffix('FunctionArn')]}"
        if token.endswith("QueueUrl"):
            return self._queue(token.removesuffix("QueueUrl"))
        if token.endswith("TopicArn"):
            return self._topic(token.removesuffix("TopicArn"))
        return self._table(token)

    def _make_function(self, name: str) -> None:
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as code:
            code.writestr("functions.py", "")
        client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=self.role,
            Handler=f"functions.{name}",
            Code={"ZipFile": package.getvalue()},
            Timeout=30,
            Environment={"Variables": self.variables},
        )

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


@contextmanager
def laboratory(example: Example) -> Iterator[Laboratory]:
    """Run an embedded AWS that holds one example, and what runs beside it, until the block ends."""
    with example.surroundings() as variables, embedded_aws() as aws:
        yield Laboratory(aws, example, variables)


def _bodies(url: str) -> list[str]:
    received = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in received.get("Messages", [])]


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
