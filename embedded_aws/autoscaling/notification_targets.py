"""The messages that a lifecycle hook sends to a target of its own: an SNS topic, an SQS queue, a Lambda function.

User Guide, "Prepare to add a lifecycle hook to your Auto Scaling group".
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.awslambda.utils import get_backend
from moto.sns import sns_backends
from moto.sqs import sqs_backends

from embedded_aws.autoscaling.hooks import Hook
from embedded_aws.autoscaling.members import Group, behaviour, fresh_uuid
from embedded_aws.aws import now, stamp
from embedded_aws.awslambda.asynchronous import accept
from embedded_aws.permissions import ServiceRequest, lets_in


def letterhead(group: Group) -> dict[str, str]:
    """Return the fields that each message begins with."""
    return {
        "Service": "AWS Auto Scaling",
        "Time": stamp(now()),
        "RequestId": fresh_uuid(),
        "AccountId": group.account_id,
    }


def send_test_message(hook: Hook, group: Group) -> None:
    """Send a hook's target the message that says it is one; raises ValidationError where it can't be reached.

    API reference, PutLifecycleHook: each time a hook with a target is put; never to EventBridge.
    """
    message = {
        **letterhead(group),
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        "Event": "autoscaling:TEST_NOTIFICATION",
    }
    try:
        send(hook, group, message)
    except Exception as error:
        target = hook.notification_target_arn
        raise ValidationError(f"Unable to publish test message to notification target {target}") from error


def send(hook: Hook, group: Group, message: dict[str, str]) -> None:
    """Send a message to the hook's target, if it has one; raises what the target's service does."""
    if hook.notification_target_arn:
        service = hook.notification_target_arn.split(":")[2]
        SENDERS[service](hook.notification_target_arn, group, _body(service, message))


def _body(service: str, message: dict[str, str]) -> str:
    if service == "sns" and behaviour().topics_get_text:
        return "\n".join(f"{key}: {value}" for key, value in message.items())
    return json.dumps(message)


def _to_topic(arn: str, group: Group, body: str) -> None:
    subject = f'Auto Scaling: Lifecycle action for group "{group.name}"'
    sns_backends[group.account_id][group.region].publish(body, arn=arn, subject=subject)


def _to_queue(arn: str, group: Group, body: str) -> None:
    name = arn.rpartition(":")[2]
    if name.endswith(".fifo"):
        raise ValidationError("FIFO queues are not compatible with lifecycle hooks")
    sqs_backends[group.account_id][group.region].send_message(name, body)


def _to_function(arn: str, group: Group, body: str) -> None:
    """Invoke a function whose resource policy lets Auto Scaling's service-linked role in."""
    function = get_backend(group.account_id, group.region).get_function(arn)
    request = ServiceRequest(group.service_linked_role_arn, "lambda:InvokeFunction", group.arn)
    if not lets_in(
        {"Statement": [_with_aws_principal(each) for each in function.policy.statements]}, request
    ):
        raise ValidationError(f"{group.service_linked_role_arn} may not invoke {arn}")
    accept(function, body)


def _with_aws_principal(statement: dict[str, Any]) -> dict[str, Any]:
    """Put a role's ARN where a policy has it: moto leaves it bare."""
    principal = statement["Principal"]
    bare = isinstance(principal, str) and principal != "*"
    return {**statement, "Principal": {"AWS": principal}} if bare else statement


SENDERS: dict[str, Callable[[str, Group, str], None]] = {
    "sns": _to_topic,
    "sqs": _to_queue,
    "lambda": _to_function,
}
