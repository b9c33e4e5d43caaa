"""Creates, updates and deletes one CloudFormation stack, waits for it, and says in sentences what went wrong.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html lists the statuses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from statemachine.handover import template_source
from statemachine.refusal import DeploymentRefused
from statemachine.stack_events import failures_since, latest_event
from statemachine.template import section

POLL_SECONDS = 3
PATIENCE_POLLS = 600
"""Half an hour: longer than any stack of ours takes, shorter than a person's evening."""

UNFINISHED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
"""Stacks that never worked, or are half gone: CloudFormation takes nothing but their deletion."""


@dataclass(frozen=True)
class Stack:
    """What a stack is to be."""

    name: str
    template: str
    """The template's body, JSON."""
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    template_bucket: str | None = None
    """Where the template may lie while it is too large to go inline; None makes a bucket for it."""

    def effective_parameters(self) -> dict[str, str]:
        """Return the parameters as CloudFormation will know them, the template's defaults included."""
        declared = section(json.loads(self.template), "Parameters")
        defaults = {name: str(spec["Default"]) for name, spec in declared.items() if "Default" in spec}
        return {**defaults, **self.parameters}

    def request(self) -> dict[str, Any]:
        """Return what CreateStack and UpdateStack take, but for the template."""
        given = sorted(self.parameters.items())
        return {
            "StackName": self.name,
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in given],
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(self.tags.items())],
            # The stack makes roles, none of them under a name of its own.
            "Capabilities": ["CAPABILITY_IAM"],
        }


class CloudFormation:
    """The stacks of one account and Region.

    Args:
        client: a client of CloudFormation.
        s3: a client of Amazon S3, for templates that are too large to be sent inline.
        sleep: waits so many seconds.
        say: tells the person who deploys a line of news.
    """

    def __init__(
        self, client: Any, s3: Any, sleep: Callable[[int], None], say: Callable[[str], None]
    ) -> None:
        self._client = client
        self._s3 = s3
        self._sleep = sleep
        self._say = say

    def deploy(self, stack: Stack) -> dict[str, Any]:
        """Make the stack so, and return `{"arn": ..., "outputs": {name: value}}`.

        A stack that is so already is left alone; one that never came up is deleted and created anew.

        Raises:
            DeploymentRefused: with what CloudFormation said of each resource that failed.
        """
        found = self._settled(stack.name)
        if found is not None and found["StackStatus"] in UNFINISHED:
            self._say(f"The stack {stack.name} is {found['StackStatus']}: deleting what is left of it.")
            self.delete(stack.name)
            found = None
        if found is None:
            self._change("created", self._client.create_stack, stack)
        elif self._is_already(stack, found):
            self._say(f"The stack {stack.name} is up to date.")
        else:
            _refuse_what_takes_no_update(found)
            self._change("updated", self._client.update_stack, stack)
        return self._result(stack.name)

    def delete(self, name: str) -> None:
        """Delete a stack, if there is one, and wait until it is gone.

        Raises:
            DeploymentRefused: something of it can't be deleted.
        """
        if self._settled(name) is None:
            return
        before = latest_event(self._client, name)
        self._client.delete_stack(StackName=name)
        left = self._settled(name)
        if left is not None:
            reasons = failures_since(self._client, left["StackId"], before)
            raise DeploymentRefused(f"The stack {name} could not be deleted:", reasons)

    def refuse_if_protected(self, name: str) -> None:
        """Refuse the deletion of a stack whose parameter DeletionProtection is true.

        Raises:
            DeploymentRefused: it is, with how to lift the protection.
        """
        found = self._find(name)
        if found is not None and _parameters(found).get("DeletionProtection") == "true":
            raise DeploymentRefused(
                f"The stack {name} is protected, for its ledger would be lost; nothing was deleted.",
                [
                    "Set DeletionProtection to false in the stage's stack_parameters (.chalice/config.json), "
                    "`chalice deploy`, and `chalice delete` again."
                ],
            )

    def _change(self, verb: str, operation: Callable[..., Any], stack: Stack) -> None:
        before = latest_event(self._client, stack.name)
        with template_source(self._s3, stack.name, stack.template, stack.template_bucket) as template:
            try:
                operation(**stack.request(), **template)
            except ClientError as error:
                if "No updates are to be performed" in str(error):
                    return
                raise
            settled = self._settled(stack.name)
        status = "gone" if settled is None else settled["StackStatus"]
        if settled is None or status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            reasons = [] if settled is None else failures_since(self._client, settled["StackId"], before)
            raise DeploymentRefused(f"The stack {stack.name} could not be {verb} and is {status}:", reasons)
        self._say(f"The stack {stack.name} is {verb}.")

    def _is_already(self, stack: Stack, found: dict[str, Any]) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
        if _parameters(found) != stack.effective_parameters() or tags != dict(stack.tags):
            return False
        deployed = self._client.get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"]
        # botocore parses a JSON body, and leaves as text what somebody may have deployed as YAML.
        return bool(deployed == json.loads(stack.template))

    def _settled(self, name: str) -> dict[str, Any] | None:
        """Return the stack, or None when there is none, once nobody is changing it any more."""
        found = self._find(name)
        _refuse_an_unexecuted_change_set(found)
        for _ in range(PATIENCE_POLLS):
            if found is None or not found["StackStatus"].endswith("_IN_PROGRESS"):
                return found
            self._sleep(POLL_SECONDS)
            found = self._find(name)
        minutes = PATIENCE_POLLS * POLL_SECONDS // 60
        raise DeploymentRefused(
            f"The stack {name} has not settled in {minutes} minutes; deploy again when it has."
        )

    def _find(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def _result(self, name: str) -> dict[str, Any]:
        found = self._client.describe_stacks(StackName=name)["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        return {"arn": found["StackId"], "outputs": outputs}


def _refuse_an_unexecuted_change_set(found: dict[str, Any] | None) -> None:
    if found is not None and found["StackStatus"] == "REVIEW_IN_PROGRESS":
        raise DeploymentRefused(
            f"The stack {found['StackName']} is no more than a change set that nobody has executed.",
            ["Execute the change set, or delete the stack, and deploy again."],
        )


def _refuse_what_takes_no_update(found: dict[str, Any]) -> None:
    name, status = found["StackName"], found["StackStatus"]
    if status == "UPDATE_ROLLBACK_FAILED":
        raise DeploymentRefused(
            f"The stack {name} is {status}: CloudFormation takes no update until its rollback ends.",
            [f"Run `aws cloudformation continue-update-rollback --stack-name {name}`, then deploy again."],
        )


def _parameters(found: dict[str, Any]) -> dict[str, str]:
    return {item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", [])}
