"""The stack of a stage: whether it is there, whose it is, and how a change of it ended.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html lists the statuses.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.gateways.aws import all_pages, client, translated
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.problems import Halt
from cli.stacks.bucket import MADE_BY
from statemachine.stack_events import failures_since, latest_event

POLL_SECONDS = 5
PATIENCE_POLLS = 360
"""Half an hour: longer than any stack of ours takes."""
NEVER_WORKED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
"""CloudFormation takes nothing of such a stack but its deletion."""
HALF_GONE = "DELETE_FAILED"
"""The same; but what is left of it may be the ledger."""
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(frozen=True)
class Found:
    """A stack that is there."""

    description: dict[str, Any]

    @property
    def arn(self) -> str:
        """Its ARN, by which it is found even when it is gone."""
        return str(self.description["StackId"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.description["StackName"])

    @property
    def status(self) -> str:
        """Its status."""
        return str(self.description["StackStatus"])

    @property
    def is_ours(self) -> bool:
        """Whether `ecs-drainer install` made it."""
        return MADE_BY in self.description.get("Tags", [])

    @property
    def parameters(self) -> dict[str, str]:
        """Its parameters."""
        listed = self.description.get("Parameters", [])
        return {each["ParameterKey"]: each.get("ParameterValue", "") for each in listed}

    @property
    def outputs(self) -> dict[str, str]:
        """Its outputs."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.description.get("Outputs", [])}

    @property
    def release(self) -> str:
        """Which release it is; a dash where it doesn't say."""
        return self.outputs.get("Release", "-")


def find(name: str) -> Found | None:
    """Return a stack by name or ARN, None where there is none; raises the gateways' errors."""
    with translated():
        try:
            answer = client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
    return None if answer["StackStatus"] == "DELETE_COMPLETE" else Found(answer)


def ours() -> list[Found]:
    """Return every stack of this account and Region that `ecs-drainer install` made."""
    listed = all_pages(client("cloudformation").describe_stacks, "Stacks", "NextToken")
    return [found for found in map(Found, listed) if found.is_ours and found.status != "DELETE_COMPLETE"]


def refuse_unless_settled(found: Found) -> None:
    """Raise Halt where somebody is changing the stack, or CloudFormation takes no change of it."""
    remedies = {
        "REVIEW_IN_PROGRESS": "it is a change set that nobody has executed: execute it, or delete the stack",
        HALF_GONE: "look what kept it in its events; `ecs-drainer uninstall` deletes what is left of it",
        "UPDATE_ROLLBACK_FAILED": f"run `aws cloudformation continue-update-rollback --stack-name {found.name}`",
    }
    if found.status in remedies or found.status.endswith("_IN_PROGRESS"):
        remedy = remedies.get(found.status, "repeat this when it has ended")
        raise Halt(f"The stack {found.name} is {found.status}", remedy, ExitCode.REFUSED)


def resources_of(name: str) -> list[dict[str, Any]]:
    """Return the resources of a stack, as ListStackResources tells them."""
    return all_pages(
        client("cloudformation").list_stack_resources, "StackResourceSummaries", "NextToken", StackName=name
    )


def by_type(types: list[str]) -> list[list[str]]:
    """Return how many there are of each type, as rows."""
    return [[str(number), kind] for kind, number in sorted(Counter(types).items())]


def newest_event(name: str) -> str | None:
    """Return the id of the stack's newest event, before something is changed."""
    return latest_event(client("cloudformation"), name)


def follow(desk: Desk, arn: str, expected: int) -> Found | None:
    """Wait until a stack has settled, saying how far it is; returns it, or None where it is gone.

    Args:
        desk: where it is told.
        arn: the stack's.
        expected: of how many resources something changes.
    """
    told = ""
    for _ in range(PATIENCE_POLLS):
        found = desk.ask(find, arn)
        if found is None or not found.status.endswith("_IN_PROGRESS"):
            return found
        statuses = [str(each["ResourceStatus"]) for each in desk.ask(resources_of, arn)]
        finished = sum(not status.endswith("_IN_PROGRESS") for status in statuses)
        news = f"{found.status}: {finished} of {max(expected, len(statuses))} resources"
        if news != told:
            desk.warn(news)
        told = news
        desk.edge.sleep(POLL_SECONDS)
    minutes = PATIENCE_POLLS * POLL_SECONDS // 60
    raise Halt(f"The stack has not settled in {minutes} minutes", "CloudFormation goes on; look again later")


def delete(desk: Desk, found: Found) -> None:
    """Delete a stack and wait until it is gone; raises Halt with what stayed, and why."""
    before = desk.ask(newest_event, found.arn)
    number = len(desk.ask(resources_of, found.arn))
    with translated():
        client("cloudformation").delete_stack(StackName=found.arn)
    left = follow(desk, found.arn, number)
    if left is not None:
        raise failure(f"The stack {found.name} could not be deleted and is {left.status}", left.arn, before)


def failure(sentence: str, arn: str, before: str | None) -> Halt:
    """Return what ends a command whose change failed: what CloudFormation said of each resource that did."""
    reasons = failures_since(client("cloudformation"), arn, before)
    return Halt("\n  ".join([f"{sentence}:", *reasons]), "what was changed is rolled back" if reasons else "")
