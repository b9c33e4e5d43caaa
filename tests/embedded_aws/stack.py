"""A small stack: a state machine, its role, and whatever a test adds."""

from __future__ import annotations

import json
from typing import Any

from embedded_aws.clients import client

TRUST = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]
}
DEFINITION = json.dumps(
    {"StartAt": "Tell", "States": {"Tell": {"Type": "Pass", "Result": "${Word}", "End": True}}}
)


def machine(**more: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": {"Fn::Sub": "${AWS::StackName}-machine"},
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            "DefinitionString": DEFINITION,
            "DefinitionSubstitutions": {"Word": {"Ref": "Word"}},
            **more,
        },
    }


def template(word: str = "hello", **resources: Any) -> str:
    return json.dumps(
        {
            "Parameters": {"Word": {"Type": "String", "Default": word}},
            "Conditions": {"IsLoud": {"Fn::Equals": [{"Ref": "Word"}, "HELLO"]}},
            "Resources": {
                "Machine": machine(),
                "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
                **resources,
            },
            "Outputs": {"MachineArn": {"Value": {"Ref": "Machine"}}},
        }
    )


def create(body: str, **more: Any) -> None:
    client("cloudformation").create_stack(
        StackName="drainer", TemplateBody=body, Capabilities=["CAPABILITY_IAM"], **more
    )


def update(body: str, **more: Any) -> None:
    client("cloudformation").update_stack(
        StackName="drainer", TemplateBody=body, Capabilities=["CAPABILITY_IAM"], **more
    )


def stack() -> dict[str, Any]:
    found: dict[str, Any] = client("cloudformation").describe_stacks(StackName="drainer")["Stacks"][0]
    return found


def events() -> list[str]:
    """The stack's events, oldest first, as `Machine CREATE_COMPLETE`."""
    found = client("cloudformation").describe_stack_events(StackName="drainer")["StackEvents"]
    return [f"{each['LogicalResourceId']} {each['ResourceStatus']}" for each in reversed(found)]


def says() -> str:
    """What the deployed state machine answers."""
    arn = stack()["Outputs"][0]["OutputValue"]
    definition = client("stepfunctions").describe_state_machine(stateMachineArn=arn)["definition"]
    return str(json.loads(definition)["States"]["Tell"]["Result"])
