"""A change set: made, shown, and executed or thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

from chalicelib.gateways.aws import all_pages, client, translated
from cli.desk import Desk
from cli.problems import Halt
from cli.stacks import stack
from cli.stacks.bucket import MADE_BY, Bucket
from statemachine.handover import template_source

NOTHING_NEW = ("didn't contain changes", "No updates are to be performed")
"""CloudFormation has two sentences for it: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/
using-cfn-updating-stacks-changesets-create.html"""
HEADER = ("action", "resource", "type", "replaced")


@dataclass(frozen=True)
class Wanted:
    """What a stack is to be."""

    name: str
    template: str
    parameters: list[dict[str, Any]]
    """As CreateChangeSet takes them."""
    is_new: bool


@dataclass
class ChangeSet:
    """A change set that waits for a word."""

    arn: str
    stack_arn: str
    changes: list[dict[str, Any]] = field(default_factory=list)
    """Each resource's change, as DescribeChangeSet tells it."""
    has_changes: bool = True
    """False where the stack is so already; an output that changes is no resource's change."""
    is_executed: bool = False

    def rows(self) -> list[list[str]]:
        """Return a row for each change."""
        return [
            [
                each["Action"].lower(),
                each["LogicalResourceId"],
                each["ResourceType"],
                {"True": "yes", "Conditional": "perhaps"}.get(each.get("Replacement", ""), ""),
            ]
            for each in self.changes
        ]

    def execute(self, desk: Desk) -> stack.Found:
        """Execute it and wait for its end; raises Halt with the reasons where it fails."""
        before = desk.ask(stack.newest_event, self.stack_arn)
        self.is_executed = True  # CloudFormation may have heard it, whatever the answer is
        with translated():
            client("cloudformation").execute_change_set(ChangeSetName=self.arn)
        found = stack.follow(desk, self.stack_arn, len(self.changes))
        if found is None or found.status not in stack.DONE:
            status = found.status if found else "gone"
            raise stack.failure(f"The stack could not be changed and is {status}", self.stack_arn, before)
        return found


@contextmanager
def prepared(desk: Desk, wanted: Wanted, bucket: Bucket | None) -> Iterator[ChangeSet]:
    """Yield the change set; what was not executed leaves nothing behind.

    Args:
        desk: where it is waited.
        wanted: what the stack is to be.
        bucket: where the template may lie; None makes a bucket for the time being.
    """
    with template_source(
        boto3.client("s3"), wanted.name, wanted.template, bucket.name if bucket else None
    ) as template:
        made = _create(desk, wanted, template)
        described = _described(desk, made["Id"])
    change_set = ChangeSet(made["Id"], made["StackId"])
    try:
        change_set.has_changes = _has_changes(described)
        change_set.changes = _changes(made["Id"]) if change_set.has_changes else []
        yield change_set
    finally:
        _forget(change_set, is_new=wanted.is_new)


def _create(desk: Desk, wanted: Wanted, template: dict[str, str]) -> dict[str, Any]:
    with translated():
        made: dict[str, Any] = client("cloudformation").create_change_set(
            StackName=wanted.name,
            ChangeSetName=f"ecs-drainer-{desk.now():%Y%m%dT%H%M%SZ}",
            ChangeSetType="CREATE" if wanted.is_new else "UPDATE",
            Parameters=wanted.parameters,
            Capabilities=["CAPABILITY_IAM"],  # it makes roles, none of them under a name of its own
            Tags=[MADE_BY],
            **template,
        )
    return made


def _described(desk: Desk, arn: str) -> dict[str, Any]:
    """Return the change set once CloudFormation has compared."""
    for _ in range(stack.PATIENCE_POLLS):
        with translated():
            described: dict[str, Any] = client("cloudformation").describe_change_set(ChangeSetName=arn)
        if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            return described
        desk.edge.sleep(stack.POLL_SECONDS)
    raise Halt("CloudFormation has not made the change set in half an hour", "repeat it later")


def _has_changes(described: dict[str, Any]) -> bool:
    """Whether CloudFormation found any; raises Halt where it could not compare."""
    if described["Status"] == "CREATE_COMPLETE":
        return True
    reason = described.get("StatusReason", "")
    if any(each in reason for each in NOTHING_NEW):
        return False
    raise Halt(f"CloudFormation could not make the change set: {reason}")


def _changes(arn: str) -> list[dict[str, Any]]:
    operation = client("cloudformation").describe_change_set
    listed = all_pages(operation, "Changes", "NextToken", ChangeSetName=arn)
    return [each["ResourceChange"] for each in listed]


def _forget(change_set: ChangeSet, *, is_new: bool) -> None:
    """Delete what was not executed: the change set, and the empty stack that a new one leaves."""
    if change_set.is_executed:
        return
    aws = client("cloudformation")
    with translated():
        aws.delete_change_set(ChangeSetName=change_set.arn)
        if is_new:
            aws.delete_stack(StackName=change_set.stack_arn)
