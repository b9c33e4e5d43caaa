"""CloudFormation as a script of questions and answers, for the moments that no embedded AWS shows.

The embedded AWS makes stacks at once, so nothing is ever IN_PROGRESS there, rolled back or in somebody else's hands.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.stub import ANY, Stubber

from statemachine.cloudformation import CloudFormation, Stack

NAME = "ecs-drainer-dev"
ARN = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{NAME}/1"
TEMPLATE = {
    "Parameters": {"Stage": {"Type": "String"}, "Tracing": {"Type": "String", "Default": "false"}},
    "Resources": {},
}
STACK = Stack(NAME, json.dumps(TEMPLATE), {"Stage": "dev"}, {"app": "ecs-drainer"})
AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


class Script:
    """What CloudFormation is asked, in order, and what it answers."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "cloudformation", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        self.stubber = Stubber(self.client)
        self.slept: list[int] = []
        self.said: list[str] = []

    def __enter__(self) -> CloudFormation:
        self.stubber.activate()
        return CloudFormation(self.client, None, self.slept.append, self.said.append)

    def __exit__(self, *_: object) -> None:
        self.stubber.deactivate()

    def finds(
        self, *statuses: str, parameters: dict[str, str] | None = None, tags: dict[str, str] | None = None
    ) -> Script:
        """Say that DescribeStacks answers these statuses, one a question."""
        given = {"Stage": "dev", "Tracing": "false"} if parameters is None else parameters
        for status in statuses:
            stack = {
                "StackId": ARN,
                "StackName": NAME,
                "StackStatus": status,
                "CreationTime": AT,
                "Parameters": [
                    {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()
                ],
                "Tags": [
                    {"Key": key, "Value": value} for key, value in (tags or {"app": "ecs-drainer"}).items()
                ],
                "Outputs": [{"OutputKey": "StateMachineArn", "OutputValue": "the machine"}],
            }
            self.stubber.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": NAME})
        return self

    def finds_nothing(self) -> Script:
        """Say that DescribeStacks knows no such stack, as AWS words it."""
        self._refuses("describe_stacks", f"Stack with id {NAME} does not exist")
        return self

    def has_the_template(self, template: Any = None) -> Script:
        """Say what GetTemplate answers."""
        text = json.dumps(TEMPLATE) if template is None else template
        self.stubber.add_response(
            "get_template", {"TemplateBody": text}, {"StackName": NAME, "TemplateStage": "Original"}
        )
        return self

    def lists_events(self, events: Sequence[tuple[str, str, str, str]] = ()) -> Script:
        """Say what DescribeStackEvents answers, the newest first: (id, resource, status, reason)."""
        listed = [
            {
                "EventId": event_id,
                "StackId": ARN,
                "StackName": NAME,
                "Timestamp": AT,
                "LogicalResourceId": resource,
                "ResourceType": "AWS::IAM::Role",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for event_id, resource, status, reason in events
        ]
        self.stubber.add_response("describe_stack_events", {"StackEvents": listed}, {"StackName": ANY})
        return self

    def has_no_events(self) -> Script:
        """Say that DescribeStackEvents knows no such stack."""
        self._refuses("describe_stack_events", f"Stack [{NAME}] does not exist")
        return self

    def takes(self, operation: str) -> Script:
        """Say that a stack is created or updated as `STACK` has it."""
        request = {
            "StackName": NAME,
            "TemplateBody": STACK.template,
            "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "dev"}],
            "Tags": [{"Key": "app", "Value": "ecs-drainer"}],
            "Capabilities": ["CAPABILITY_IAM"],
        }
        self.stubber.add_response(operation, {"StackId": ARN}, request)
        return self

    def deletes(self) -> Script:
        """Say that DeleteStack is taken."""
        self.stubber.add_response("delete_stack", {}, {"StackName": NAME})
        return self

    def has_nothing_to_update(self) -> Script:
        """Say that UpdateStack finds no difference."""
        self._refuses("update_stack", "No updates are to be performed.")
        return self

    def is_over(self) -> bool:
        """Say whether every question of the script was asked."""
        self.stubber.assert_no_pending_responses()
        return True

    def _refuses(self, operation: str, message: str) -> None:
        self.stubber.add_client_error(operation, "ValidationError", message, http_status_code=400)
