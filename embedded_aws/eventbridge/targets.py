"""The last step to a target: may EventBridge call it, and what does the target answer.

Functions, queues and topics let EventBridge in by their resource policy; a state machine by the role of the
target. The calls go through the request log as `events.amazonaws.com`, so that they can be made to fail.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError
from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.moto_api._internal import mock_random
from moto.sns.models import sns_backends
from moto.sqs.models import Message, sqs_backends

from embedded_aws import aws
from embedded_aws.clients import client
from embedded_aws.keys import CONTEXTS, OF_QUEUES_AND_TOPICS, key_lets_in
from embedded_aws.permissions import ServiceRequest, lets_in
from embedded_aws.requests import Call, acting_as, acting_as_service

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
        _ask(address)
        caller = acting_as(address.role_arn, "events") if address.role_arn else acting_as_service(EVENTBRIDGE)
        with caller:
            send(address, body)
    except ClientError as error:
        raise _undeliverable(error) from error


def _undeliverable(error: ClientError) -> UndeliverableError:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in GONE:
        return UndeliverableError("NO_RESOURCE", message, again=False)
    if code in FORBIDDEN:
        return UndeliverableError("NO_PERMISSIONS", message, again=False)
    return UndeliverableError("THROTTLING" if code in BUSY else "ERROR_FROM_TARGET", message, again=True)


def _ask(address: Address) -> None:
    """Ask the target's resource policy, if it has one; raises UndeliverableError."""
    service, region, account, name = address.parts
    if service not in ACTIONS:
        return
    try:
        policy = POLICIES[service](account, region, name, address.arn)
    except (KeyError, UnknownFunctionException) as error:
        raise UndeliverableError("NO_RESOURCE", f"It does not exist: {address.arn}", again=False) from error
    action = ACTIONS[service]
    if not lets_in(policy, ServiceRequest(EVENTBRIDGE, action, address.rule_arn)):
        message = f"User: {EVENTBRIDGE} is not authorized to perform: {action} on resource: {address.arn}"
        raise UndeliverableError("NO_PERMISSIONS", message, again=False)
    key = KEYS[service](account, region, name, address.arn) if service in KEYS else None
    context = {CONTEXTS[service]: address.arn} if service in CONTEXTS else {}
    request = ServiceRequest(EVENTBRIDGE, "", address.rule_arn, context=context)
    if key and not key_lets_in(key, region, request, OF_QUEUES_AND_TOPICS):
        message = f"User: {EVENTBRIDGE} is not authorized to use the key {key} of {address.arn}"
        raise UndeliverableError("NO_PERMISSIONS", message, again=False)


def _function_policy(account: str, region: str, name: str, _: str) -> Any:
    function = lambda_backends[account][region].get_function(name.removeprefix("function:"), None)
    return {"Statement": function.policy.statements}


ACTIONS = {"lambda": "lambda:InvokeFunction", "sqs": "sqs:SendMessage", "sns": "sns:Publish"}
POLICIES: dict[str, Callable[[str, str, str, str], Any]] = {
    "lambda": _function_policy,
    "sqs": lambda account, region, name, _: sqs_backends[account][region].queues[name].policy,
    "sns": lambda account, region, _, arn: sns_backends[account][region].topics[arn].policy,
}
KEYS: dict[str, Callable[[str, str, str, str], str | None]] = {
    "sqs": lambda account, region, name, _: sqs_backends[account][region].queues[name].kms_master_key_id,
    "sns": lambda account, region, _, arn: sns_backends[account][region].topics[arn].kms_master_key_id,
}
"""The key that encrypts a target, where it has one."""


def _to_function(address: Address, body: str) -> None:
    function = client("lambda", address.parts[1])
    function.invoke(FunctionName=address.arn, InvocationType="Event", Payload=body)


def _to_queue(address: Address, body: str) -> None:
    if _was_put_straight(address, body):
        return
    _, region, account, name = address.parts
    group = {"MessageGroupId": address.message_group, "MessageDeduplicationId": str(uuid4())}
    client("sqs", region).send_message(
        QueueUrl=f"https://sqs.{region}.amazonaws.com/{account}/{name}",
        MessageBody=body,
        MessageAttributes={
            key: {"DataType": "String", "StringValue": value} for key, value in address.attributes.items()
        },
        **(group if address.message_group else {}),
    )


def _was_put_straight(address: Address, body: str) -> bool:
    """Put an event on a plain queue and into the request log, as SendMessage would; False for all but the plain.

    Without the way through botocore, which is most of what ECS's events cost: a large cluster tells of ten thousands.
    """
    _, region, account, name = address.parts
    backend, log = sqs_backends[account][region], aws.current().requests
    queue = backend.queues.get(name)
    is_plain = not (address.role_arn or address.message_group or address.attributes or log.may_fail)
    if queue is None or queue.fifo_queue or not is_plain:
        return False
    url = f"https://sqs.{region}.amazonaws.com/{account}/{name}"
    given = {"QueueUrl": url, "MessageBody": body, "MessageAttributes": {}}
    with aws.current().clock.busy(), log.lock:
        log.enter(Call(aws.now(), "sqs", "SendMessage", EVENTBRIDGE, "embedded", region, given))
        message = Message(str(mock_random.uuid4()), body, {})
        message.mark_sent(delay_seconds=int(queue.delay_seconds))
        queue.add_message(message)  # moto's send_message counts all of the queue's messages first
    return True


def _to_topic(address: Address, body: str) -> None:
    client("sns", address.parts[1]).publish(TopicArn=address.arn, Message=body)


def _to_state_machine(address: Address, body: str) -> None:
    if not address.role_arn:
        message = "a state machine as target needs a RoleArn that may start it"
        raise UndeliverableError("NO_PERMISSIONS", message, again=False)
    machines = client("stepfunctions", address.parts[1])
    machines.start_execution(stateMachineArn=address.arn, name=str(uuid4()), input=body)


def _to_log_group(address: Address, body: str) -> None:
    group = address.parts[3].removeprefix("log-group:").removesuffix(":*")
    logs = client("logs", address.parts[1])
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
