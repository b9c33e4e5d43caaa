"""What the instructions of `planning` do to AWS, as methods added to Chalice's client, `TypedAWSClient`."""

from __future__ import annotations

from typing import Any

from chalice.utils import UI

from statemachine.cloudformation import CloudFormation, Stack


def deploy_cloudformation_stack(
    client: Any,
    *,
    stack_name: str,
    template: bytes,
    parameters: dict[str, str],
    tags: dict[str, str],
    template_bucket: str | None,
) -> dict[str, Any]:
    """Deploy the stack and return its ARN and outputs; see `CloudFormation.deploy`."""
    stack = Stack(stack_name, template.decode(), parameters, tags, template_bucket)
    return _cloudformation(client).deploy(stack)


def delete_cloudformation_stack(client: Any, stack_name: str) -> None:
    """Delete the stack; see `CloudFormation.delete`."""
    _cloudformation(client).delete(stack_name)


def refuse_if_stack_is_protected(client: Any, stack_name: str) -> None:
    """Stop a deletion before it begins; see `CloudFormation.refuse_if_protected`."""
    _cloudformation(client).refuse_if_protected(stack_name)


def connect_rule_with_retries(
    client: Any,
    *,
    rule_name: str,
    function_arn: str,
    retry_policy: dict[str, int],
    dead_letter_queue_arn: str,
) -> None:
    """Point a rule at a function, as `connect_rule_to_lambda` does, with what to do if it fails."""
    target = {
        "Id": "1",  # the id that Chalice removes when it deletes the rule
        "Arn": function_arn,
        "RetryPolicy": retry_policy,
        "DeadLetterConfig": {"Arn": dead_letter_queue_arn},
    }
    client._client("events").put_targets(Rule=rule_name, Targets=[target])


def _cloudformation(client: Any) -> CloudFormation:
    aws = client._client
    return CloudFormation(aws("cloudformation"), aws("s3"), client._sleep, _say)


def _say(line: str) -> None:
    UI().write(f"{line}\n")
