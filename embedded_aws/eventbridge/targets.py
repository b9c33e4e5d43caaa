"""The last step to a target: may EventBridge call it, and what does the target answer.

Functions, queues and topics let EventBridge in by their resource policy; a state machine by the role of the
target. The calls go through the request log as `events.amazonaws.com`, so that they can be made to fail.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from embedded_aws import aws
from embedded_aws.clients import client
from embedded_aws.permissions import ServiceRequest, lets_in
from embedded_aws.requests import acting_as, acting_as_service

EVENTBRIDGE = "events.amazonaws.com"
GONE = {
    "ResourceNotFoundException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "NotFound",
    "StateMachineDoesNotExist",
}
BUSY = {
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestThrottled",
    "Throttling",
    "ExecutionLimitExceeded",
}
FORBIDDEN = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}


@dataclass
class UndeliverableError(Exception):
    """A target did not take the event: the ERROR_CODE of the dead-letter message, and whether to try again."""

    code: str
    message: str
    again: bool


@dataclass(frozen=True)
class Address:
    """The target of a rule."""

    arn: str
    rule_arn: str
    role_arn: str | None = None
    message_group: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    """Message attributes, for a dead-letter queue."""

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """Service, Region, account and name."""
        service, region, account, name = self.arn.split(":", 5)[2:6]
        return service, region, account, name

    def request(self, action: str) -> ServiceRequest:
        """What EventBridge asks the target's resource policy for."""
        return ServiceRequest(EVENTBRIDGE, action, self.rule_arn)


def hand_over(address: Address, body: str) -> None:
    """Give the target its input; raises UndeliverableError."""
    senders = {
        "lambda": _to_function,
        "sqs": _to_queue,
        "sns": _to_topic,
        "states": _to_state_machine,
        "logs": _to_log_group,
        "events": _to_bus,
    }
    send = senders.get(address.parts[0])
    if send is None:
        raise NotImplementedError(f"the embedded EventBridge has no targets such as {address.arn}")
    try:
        with _caller(address):
            send(address, body)
    except ClientError as error:
        raise _undeliverable(error) from error


def _caller(address: Address) -> AbstractContextManager[str]:
    if address.role_arn:
        return acting_as(address.role_arn, "events")
    return acting_as_service(EVENTBRIDGE)


def _undeliverable(error: ClientError) -> UndeliverableError:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in GONE:
        return UndeliverableError("NO_RESOURCE", message, again=False)
    if code in FORBIDDEN:
        return UndeliverableError("NO_PERMISSIONS", message, again=False)
    return UndeliverableError("THROTTLING" if code in BUSY else "ERROR_FROM_TARGET", message, again=True)


def _permit(policy: Any, request: ServiceRequest, arn: str) -> None:
    if not lets_in(policy, request):
        message = f"User: {EVENTBRIDGE} is not authorized to perform: {request.action} on resource: {arn}"
        raise UndeliverableError("NO_PERMISSIONS", message, again=False)


def _to_function(address: Address, body: str) -> None:
    _, region, account, name = address.parts
    try:
        function = lambda_backends[account][region].get_function(name.removeprefix("function:"), None)
    except UnknownFunctionException as error:
        raise UndeliverableError("NO_RESOURCE", f"Function not found: {address.arn}", again=False) from error
    policy = {"Statement": function.policy.statements}
    _permit(policy, address.request("lambda:InvokeFunction"), address.arn)
    client("lambda", region).invoke(FunctionName=address.arn, InvocationType="Event", Payload=body)


def _to_queue(address: Address, body: str) -> None:
    _, region, account, name = address.parts
    queue = sqs_backends[account][region].queues.get(name)
    if queue is None:
        raise UndeliverableError("NO_RESOURCE", f"The queue does not exist: {address.arn}", again=False)
    _permit(queue.policy, address.request("sqs:SendMessage"), address.arn)
    group = {"MessageGroupId": address.message_group, "MessageDeduplicationId": str(uuid4())}
    client("sqs", region).send_message(
        QueueUrl=f"https://sqs.{region}.amazonaws.com/{account}/{name}",
        MessageBody=body,
        MessageAttributes={
            key: {"DataType": "String", "StringValue": value} for key, value in address.attributes.items()
        },
        **(group if address.message_group else {}),
    )


def _to_topic(address: Address, body: str) -> None:
    _, region, account, _ = address.parts
    topic = sns_backends[account][region].topics.get(address.arn)
    if topic is None:
        raise UndeliverableError("NO_RESOURCE", f"Topic does not exist: {address.arn}", again=False)
    _permit(topic.policy, address.request("sns:Publish"), address.arn)
    client("sns", region).publish(TopicArn=address.arn, Message=body)


def _to_state_machine(address: Address, body: str) -> None:
    if not address.role_arn:
        message = "a state machine as target needs a RoleArn that may start it"
        raise UndeliverableError("NO_PERMISSIONS", message, again=False)
    name = str(uuid4())
    client("stepfunctions", address.parts[1]).start_execution(
        stateMachineArn=address.arn, name=name, input=body
    )


def _to_log_group(address: Address, body: str) -> None:
    group, logs = (
        address.parts[3].removeprefix("log-group:").removesuffix(":*"),
        client("logs", address.parts[1]),
    )
    stream, now = str(uuid4()), int(aws.now().timestamp() * 1000)
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": now, "message": body}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def _to_bus(address: Address, body: str) -> None:
    event = json.loads(body)
    client("events", address.parts[1]).put_events(
        Entries=[
            {
                "Source": event["source"],
                "DetailType": event["detail-type"],
                "Detail": json.dumps(event["detail"]),
                "Resources": event["resources"],
                "EventBusName": address.arn,
            }
        ]
    )
