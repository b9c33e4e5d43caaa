"""What the deployer does about the stack and the event rules: instructions, as `chalice dev plan` shows."""

from __future__ import annotations

from typing import Any

from chalice.deploy import models
from chalice.deploy.planner import Variable

from statemachine import template
from statemachine.graph import RETRY_POLICY, CloudFormationStack
from statemachine.refusal import DeploymentRefused

QUEUE_VARIABLE = "dead_letter_queue_arn"


def plan_stack(_planner: Any, resource: CloudFormationStack) -> list[Any]:
    """Return the instructions that deploy the stack, once the functions' ARNs are known, and record it."""
    arns = {
        parameter: Variable(f"{name}_lambda_arn")
        for parameter, name in resource.function_parameters().items()
    }
    deploy = models.APICall(
        method_name="deploy_cloudformation_stack",
        params={
            "stack_name": resource.stack_name,
            "template": template.body(resource.document).encode(),  # the plan prints bytes as <bytes>
            "parameters": {**resource.literal_parameters(), **arns},
            "tags": resource.tags,
            "template_bucket": resource.template_bucket,
        },
        output_var="stack",
    )
    record = (resource.resource_type, resource.resource_name)
    return [
        (deploy, f"Deploying CloudFormation stack: {resource.stack_name}\n"),
        models.JPSearch("arn", "stack", "stack_arn"),
        models.JPSearch("outputs", "stack", "stack_outputs"),
        models.JPSearch("outputs.DeadLetterQueueArn", "stack", QUEUE_VARIABLE),
        models.RecordResourceValue(*record, name="stack_name", value=resource.stack_name),
        models.RecordResourceVariable(*record, name="stack_arn", variable_name="stack_arn"),
        models.RecordResourceVariable(*record, name="outputs", variable_name="stack_outputs"),
        models.APICall("set_key_of_logs", _key_of_logs(resource)),
    ]


def plan_role(original: Any, planner: Any, resource: Any) -> list[Any]:
    """Return Chalice's instructions for a function's role, then that none but this function takes it on."""
    only = models.APICall("trust_its_function_only", {"role_name": resource.role_name})
    return [*original(planner, resource), only]


def _key_of_logs(resource: CloudFormationStack) -> dict[str, Any]:
    """Return which log groups, made by Chalice and not by the stack, are to have the stack's key, and the key."""
    groups = [f"/aws/lambda/{resource.stack_name}-{name}" for name in resource.function_names]
    return {"log_groups": groups, "key_arn": resource.literal_parameters().get("KmsKeyArn", "")}


def plan_event_rule(original: Any, planner: Any, resource: Any) -> list[Any]:
    """Return Chalice's instructions for an event rule, its target with retries and a dead-letter queue.

    Chalice's own call would make the target bare at each deployment, if only for a moment: it is replaced.

    Raises:
        DeploymentRefused: Chalice connects rules in another way than the one this was written for.
    """
    instructions = [_with_retries(instruction) for instruction in original(planner, resource)]
    if not any(
        getattr(instruction, "method_name", None) == "connect_rule_with_retries"
        for instruction in instructions
    ):
        raise DeploymentRefused(
            "This Chalice connects event rules in a new way: see statemachine/planning.py."
        )
    return instructions


def _with_retries(instruction: Any) -> Any:
    if getattr(instruction, "method_name", None) != "connect_rule_to_lambda":
        return instruction
    extra = {"retry_policy": RETRY_POLICY, "dead_letter_queue_arn": Variable(QUEUE_VARIABLE)}
    return models.APICall(
        "connect_rule_with_retries", {**instruction.params, **extra}, instruction.output_var
    )


def delete_instructions(sweeper: Any, resource_values: dict[str, Any]) -> dict[str, Any]:
    """Return the instructions that delete the stack; whether that is allowed is asked before all others."""
    name = {"stack_name": resource_values["stack_name"]}
    sweeper.plan.instructions.insert(0, models.APICall("refuse_if_stack_is_protected", name))
    return {
        "instructions": (models.APICall("delete_cloudformation_stack", name),),
        "message": f"Deleting CloudFormation stack: {resource_values['stack_name']}\n",
    }


def report_stack(_reporter: Any, resource: dict[str, Any], report: list[str]) -> None:
    """Add the stack, and the state machines it says it has, to what `chalice deploy` prints at its end."""
    report.append(f"  - CloudFormation stack: {resource['stack_arn']}")
    for name, value in sorted(resource["outputs"].items()):
        if ":stateMachine:" in value:
            report.append(f"  - {name}: {value}")
