"""What the instructions of `planning` do to AWS, as methods added to Chalice's client, `TypedAWSClient`."""

from __future__ import annotations

import json
from typing import Any

from chalice.utils import UI

from statemachine.cloudformation import CloudFormation, Stack
from statemachine.trust import of_a_role


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


def trust_its_function_only(client: Any, role_name: str) -> None:
    """Let the role be taken on for the function of its name and no other: see `trust`."""
    iam = client._client("iam")
    role = iam.get_role(RoleName=role_name)["Role"]
    found = role["AssumeRolePolicyDocument"]
    wanted = of_a_role(role["Arn"], found["Statement"][0]["Principal"]["Service"])
    if found != wanted:
        iam.update_assume_role_policy(RoleName=role_name, PolicyDocument=json.dumps(wanted))


def set_key_of_logs(client: Any, *, log_groups: list[str], key_arn: str) -> None:
    """Have the functions' log groups encrypted with this key, or with AWS's own where it is empty; none is made."""
    logs = client._client("logs")
    for name in log_groups:
        found = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        key = next((each.get("kmsKeyId", "") for each in found if each["logGroupName"] == name), key_arn)
        if key == key_arn:
            continue
        if key_arn:
            logs.associate_kms_key(logGroupName=name, kmsKeyId=key_arn)
        else:
            logs.disassociate_kms_key(logGroupName=name)


def _cloudformation(client: Any) -> CloudFormation:
    aws = client._client
    return CloudFormation(aws("cloudformation"), aws("s3"), client._sleep, _say)


def _say(line: str) -> None:
    UI().write(f"{line}\n")
