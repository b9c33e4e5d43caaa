"""Every grant is as narrow as AWS allows: each function's policy file, and the role of each state machine.

What an action takes as its resource is written in the service authorization reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

import app
from statemachine import template
from statemachine.policies import names_in_policies, rendered
from tests.iam.asked_of_iam import WITHOUT_RESOURCE

ROOT = Path(__file__).parents[2]
CHALICE = ROOT / ".chalice"
NAMES = {"AppName": "ecs-drainer", "Stage": "dev"}
Statement = dict[str, Any]

TAKES_NO_RESOURCE = WITHOUT_RESOURCE | {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""What AWS grants on `*` or not at all."""

LOG_GROUP = r"log-group:/aws/(lambda/ecs-drainer-dev-[a-z_]+|vendedlogs/states/ecs-drainer-dev(-fleet)?):\*"

OF_A_CONTAINER_INSTANCE_OR_NONE = {"ecs:ListTasks"}
"""Takes the container instance where the call names one, and no resource where it lists a cluster or a service.

https://github.com/cdklabs/construct-hub/pull/1207 has the refusal: `not authorized ... on resource: *`.
"""

RESOURCE_OF = {
    "autoscaling:CompleteLifecycleAction": r"autoScalingGroup:\*:autoScalingGroupName/.+",
    "autoscaling:RecordLifecycleActionHeartbeat": r"autoScalingGroup:\*:autoScalingGroupName/.+",
    "autoscaling:TerminateInstanceInAutoScalingGroup": r"autoScalingGroup:\*:autoScalingGroupName/.+",
    "dynamodb:BatchGetItem": r"table/.+",
    "dynamodb:DeleteItem": r"table/.+",
    "dynamodb:GetItem": r"table/.+",
    "dynamodb:PutItem": r"table/.+",
    "dynamodb:Query": r"table/[^/]+/index/.+",
    "dynamodb:Scan": r"table/[^/]+/index/.+",
    "dynamodb:UpdateItem": r"table/.+",
    "ecs:DeregisterContainerInstance": r"cluster/.+",
    "ecs:DescribeCapacityProviders": r"capacity-provider/.+",
    "ecs:DescribeClusters": r"cluster/.+",
    "ecs:DescribeContainerInstances": r"container-instance/.+",
    "ecs:DescribeServices": r"service/.+",
    "ecs:DescribeTasks": r"task/.+",
    "ecs:GetTaskProtection": r"task/.+",
    "ecs:ListContainerInstances": r"cluster/.+",
    "ecs:ListTasks": r"container-instance/.+",
    "ecs:StopTask": r"task/.+",
    "ecs:UpdateContainerInstancesState": r"container-instance/.+",
    "events:DescribeRule": r"rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "events:PutRule": r"rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "events:PutTargets": r"rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "lambda:InvokeFunction": r"function:.+",
    "logs:CreateLogStream": LOG_GROUP,
    "logs:PutLogEvents": LOG_GROUP,
    "sns:Publish": r".+",
    "sqs:ChangeMessageVisibility": r"[^*]+",
    "sqs:DeleteMessage": r"[^*]+",
    "sqs:ReceiveMessage": r"[^*]+",
    # Which queues, the tags of services say.
    "sqs:GetQueueAttributes": r".+",
    "sqs:GetQueueUrl": r".+",
    "sqs:SendMessage": r"[^*]+",
    "states:DescribeExecution": r"execution:ecs-drainer-dev(-[a-z]+)?:\*",
    "states:ListExecutions": r"stateMachine:ecs-drainer-dev(-[a-z]+)?",
    "states:StartExecution": r"stateMachine:ecs-drainer-dev(-[a-z]+)?",
    "states:StopExecution": r"execution:ecs-drainer-dev(-[a-z]+)?:\*",
}
"""The resource each of our other actions takes, as the part of its ARN after the account."""

OF_THE_RELEASE_BEFORE = {machine: {"sns:Publish"} for machine in ("DrainStateMachine", "FleetStateMachine")}
"""What executions that began before an upgrade do still, under the role of today: publish what a function composed."""

API_OF = {"elasticloadbalancing": "elbv2", "states": "stepfunctions"}
"""Where IAM's word for a service is not botocore's."""

PERMISSION_ONLY = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:UpdateLogDelivery",
}
"""Actions that no API operation has: what Step Functions needs to have its logs delivered."""


ATTRIBUTES = {
    "Ledger": "arn:x:dynamodb:x:x:table/ecs-drainer-dev-ledger",
    "DrainStateMachineLogGroup": "arn:x:logs:x:x:log-group:/aws/vendedlogs/states/ecs-drainer-dev:*",
    "FleetStateMachineLogGroup": "arn:x:logs:x:x:log-group:/aws/vendedlogs/states/ecs-drainer-dev-fleet:*",
}
"""The ARNs of the template's resources, as `!GetAtt` gives them."""


def functions() -> set[str]:
    declared: list[Any] = [*app.app.pure_lambda_functions, *app.app.event_sources]
    return {function.name for function in declared}


def policy_of(function: str) -> Any:
    names = names_in_policies(NAMES, {}, {})
    return rendered(json.loads((CHALICE / f"policy-{function}.json").read_text()), names)


def plain(value: Any) -> Any:
    """Return part of the template with its functions written out, near enough to match ARNs with."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Sub" in value:
        return re.sub(r"\$\{(AWS::)?(\w+)\}", lambda found: NAMES.get(found[2], "x"), value["Fn::Sub"])
    if "Fn::GetAtt" in value:
        return ATTRIBUTES[value["Fn::GetAtt"][0]]
    if "Ref" in value:
        return f"arn:x:x:x:x:function:{value['Ref']}"
    return {key: plain(item) for key, item in value.items()}


def statements_of_machines() -> Iterator[tuple[str, Statement]]:
    document = template.load(ROOT / "statemachine" / "template.yaml")
    for name, resource in document["Resources"].items():
        for policy in (
            resource.get("Properties", {}).get("Policies", []) if resource["Type"] == "AWS::IAM::Role" else []
        ):
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, plain(statement.get("Fn::If", [None, statement])[1])


def all_statements() -> list[tuple[str, Statement]]:
    ours = [(name, statement) for name in sorted(functions()) for statement in policy_of(name)["Statement"]]
    return [*ours, *statements_of_machines()]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


STATEMENTS = [pytest.param(each, id=f"{name}-{each['Sid']}") for name, each in all_statements()]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_action_is_granted_on_the_narrowest_resource_it_takes(statement: Statement) -> None:
    for action in listed(statement["Action"]):
        for resource in listed(statement["Resource"]):
            if action in OF_A_CONTAINER_INSTANCE_OR_NONE and resource == "*":
                continue
            if action in TAKES_NO_RESOURCE:
                assert resource == "*", f"{action} takes no resource: an ARN would match nothing"
            else:
                expected = RESOURCE_OF.get(action)
                assert expected is not None, (
                    f"look {action} up in the service authorization reference, and list it here"
                )
                assert re.fullmatch(rf"arn:[^:]+:[a-z]+:[^:]+:[^:]+:({expected})", resource), (
                    action,
                    resource,
                )


@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_action_is_one_that_the_service_has(statement: Statement) -> None:
    """A misspelt action is no error in IAM; it grants nothing."""
    for action in set(listed(statement["Action"])) - PERMISSION_ONLY - {"lambda:InvokeFunction"}:
        service, operation = action.split(":")
        client = boto3.client(API_OF.get(service, service), region_name="eu-west-1")
        assert operation in client.meta.service_model.operation_names


@pytest.mark.parametrize("function", sorted(functions()))
def test_functions_reach_into_no_other_account(function: str) -> None:
    """The policy files can't name the account, so the condition does.

    Where there is no resource there is no account that owns it, and the condition would refuse every call.
    """
    for statement in policy_of(function)["Statement"]:
        expected = (
            None if statement["Resource"] == "*" else {"aws:ResourceAccount": "${aws:PrincipalAccount}"}
        )
        assert statement.get("Condition", {}).get("StringEquals") == expected, statement["Sid"]


@pytest.mark.parametrize("function", sorted(functions()))
def test_each_function_writes_its_own_log_and_no_other(function: str) -> None:
    (statement,) = [
        each for each in policy_of(function)["Statement"] if "logs:PutLogEvents" in each["Action"]
    ]
    assert statement["Resource"] == f"arn:*:logs:*:*:log-group:/aws/lambda/ecs-drainer-dev-{function}:*"


def test_each_function_has_a_policy_of_its_own_and_none_is_left_over() -> None:
    configured = json.loads((CHALICE / "config.json").read_text())
    files = {name: settings["iam_policy_file"] for name, settings in configured["lambda_functions"].items()}
    assert files == {name: f"policy-{name}.json" for name in functions()}
    assert {file.name for file in CHALICE.glob("policy-*.json")} == set(files.values())
    assert configured["autogen_policy"] is False


def test_a_policy_names_the_stage_it_was_rendered_for() -> None:
    prod = rendered(json.loads((CHALICE / "policy-start_drain.json").read_text()), {**NAMES, "Stage": "prod"})
    text = json.dumps(prod)
    assert "stateMachine:ecs-drainer-prod" in text
    assert "dev" not in text
    assert "${aws:PrincipalAccount}" in text, "IAM's own variables stay"
    assert re.findall(r"\$\{(?!aws:)[^}]*\}", text) == []


# What a machine may do is what its definition does.

MACHINES = {"DrainStateMachine": "drain.asl.json", "FleetStateMachine": "fleet.asl.json"}
NESTED = {
    *("states:StartExecution", "states:DescribeExecution"),
    *("events:PutTargets", "events:PutRule", "events:DescribeRule"),
}
"""What waiting for another execution takes: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html

All but StopExecution, with which Step Functions would stop the drains of a fleet that is stopped.
"""


def states_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if str(value.get("Resource", "")).startswith("arn:aws:states:::"):
            yield value
        for item in value.values():
            yield from states_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from states_in(item)


def actions_of(state: dict[str, Any]) -> set[str]:
    """Return what a Task needs: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html."""
    integration = state["Resource"].removeprefix("arn:aws:states:::").removeprefix("aws-sdk:").split(".")[0]
    service, operation = integration.split(":")
    if integration == "lambda:invoke":
        return {"lambda:InvokeFunction"}
    if integration == "states:startExecution" and ".sync" in state["Resource"]:
        return NESTED
    if operation == "transactWriteItems":
        kinds = {
            kind for item in (state.get("Arguments") or state["Parameters"])["TransactItems"] for kind in item
        }
        return {f"dynamodb:{kind}{'' if kind == 'ConditionCheck' else 'Item'}" for kind in kinds}
    return {f"{'states' if service == 'sfn' else service}:{operation[0].upper()}{operation[1:]}"}


@pytest.mark.parametrize(("machine", "file"), MACHINES.items())
def test_the_machine_may_do_what_its_definition_does_and_nothing_else(machine: str, file: str) -> None:
    definition = json.loads((ROOT / "statemachine" / file).read_text())
    called = {action for state in states_in(definition) for action in actions_of(state)}
    granted = {
        action
        for role, statement in statements_of_machines()
        if role == f"{machine}Role" and statement["Sid"] not in ("WriteItsLog", "DeliverLogs", "Trace")
        for action in listed(statement["Action"])
    }
    assert granted == called | OF_THE_RELEASE_BEFORE.get(machine, set())


@pytest.mark.parametrize(("machine", "file"), MACHINES.items())
def test_the_machine_may_invoke_exactly_the_functions_it_names(machine: str, file: str) -> None:
    document = template.load(ROOT / "statemachine" / "template.yaml")
    named = set(re.findall(r"\$\{(\w+FunctionArn)\}", (ROOT / "statemachine" / file).read_text()))
    (statement,) = [
        each
        for role, each in statements_of_machines()
        if role == f"{machine}Role" and each["Sid"] == "AskTheFunctions"
    ]
    granted = {resource.rpartition(":")[2] for resource in statement["Resource"]}
    given = document["Resources"][machine]["Properties"]["DefinitionSubstitutions"]
    before = {"ComposeNoticeFunctionArn"} if machine in OF_THE_RELEASE_BEFORE else set()
    assert granted == named | before
    assert named == {name for name in given if name.endswith("FunctionArn")}
