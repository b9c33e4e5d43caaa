"""`ecs-drainer uninstall`: takes away what `ecs-drainer install` deployed."""

from __future__ import annotations

from typing import Annotated

import typer

from chalicelib.explain.words import count, some
from chalicelib.gateways import autoscaling
from cli.command import command
from cli.desk import Desk
from cli.drains import open_drains
from cli.exit_codes import ExitCode
from cli.hooks import acted_on
from cli.inventory import read_stage
from cli.options import Yes
from cli.problems import Halt
from cli.stacks import stack
from cli.stacks.bucket import Bucket

Force = Annotated[
    bool, typer.Option("--force", help="Although drains are open, which end as they are with the stack.")
]

Plan = Annotated[
    bool, typer.Option("--plan", "--dry-run", help="Show what would be deleted, and delete nothing.")
]


@command
def uninstall(desk: Desk, *, force: Force = False, plan: Plan = False, yes: Yes = False) -> ExitCode:
    """Delete what was installed: the stack, and the bucket that was made for it where no other stage needs it.

    Refused while drains are open, and where the parameter DeletionProtection is true. Lifecycle hooks stay on their
    groups and are named: without ecs-drainer each termination waits until the hook's timeout ends.
    """
    found = _ours(desk)
    _refuse_what_would_be_lost(desk, found, force=force)
    bucket = _bucket_to_delete(desk, found)
    _warn_of_hooks(desk)
    resources = desk.ask(stack.resources_of, found.name)
    if not desk.is_json:
        rows = stack.by_type([each["ResourceType"] for each in resources])
        desk.say(f"The stack {found.name} ({found.release}) goes with {count(len(resources), 'resource')}:")
        desk.table(("number", "type"), rows, [], "It is empty.")
        desk.say(f"and the bucket {bucket.name}." if bucket else "Its code's bucket stays.")
    if not plan:
        if not yes:
            _confirm(desk, found)
        stack.delete(desk, found)
        if bucket:
            bucket.remove()
    document = {"stack": found.name, "bucket": bucket.name if bucket else None, "plan": plan}
    desk.report("Nothing was deleted (--plan)." if plan else "It is gone.", document)
    return ExitCode.OK


def _ours(desk: Desk) -> stack.Found:
    at = desk.installation
    found = desk.ask(stack.find, at.name)
    if found is None:
        raise Halt(f"There is no stack {at.name} in {at.region}", code=ExitCode.NOT_FOUND)
    if not found.is_ours:
        sentence = (
            f"The stack {at.name} was made by other means than the command `install`, and is left alone"
        )
        remedy = "take it away by the means that deployed it: `chalice delete`, `terraform destroy`, …"
        raise Halt(sentence, remedy, ExitCode.REFUSED)
    if found.status != stack.HALF_GONE:
        stack.refuse_unless_settled(found)
    return found


def _refuse_what_would_be_lost(desk: Desk, found: stack.Found, *, force: bool) -> None:
    if found.parameters.get("DeletionProtection") == "true":
        raise Halt(
            f"The stack {found.name} is protected, for its ledger would be lost",
            "`ecs-drainer install --parameter DeletionProtection=false` lifts that",
            ExitCode.REFUSED,
        )
    if force or found.status in (*stack.NEVER_WORKED, stack.HALF_GONE):
        return
    if drains := open_drains(desk):
        ids = some(sorted(drain.instance_id for drain in drains))
        sentence = f"{count(len(drains), 'drain')} would stop where they stand: {ids}"
        raise Halt(sentence, "wait for their end (`ecs-drainer watch`), or give --force", ExitCode.REFUSED)


def _bucket_to_delete(desk: Desk, found: stack.Found) -> Bucket | None:
    """Return the bucket of the code, if `ecs-drainer install` made it and no other stage has its code there."""
    name = found.parameters.get("CodeBucket")
    bucket = Bucket(desk.installation, name) if name else None
    if bucket is None or not bucket.is_ours():
        return None
    others = [each for each in desk.ask(stack.ours) if each.arn != found.arn]
    return None if any(each.parameters.get("CodeBucket") == name for each in others) else bucket


def _warn_of_hooks(desk: Desk) -> None:
    """Name the hooks that the stage acts on, and how to take them off."""
    settings = desk.ask(read_stage, desk.installation).settings
    for group in desk.ask(autoscaling.all_groups):
        for hook in acted_on(desk.ask(autoscaling.terminate_hooks, group.name), settings):
            take_off = (
                f"aws autoscaling delete-lifecycle-hook --auto-scaling-group-name {group.name} "
                f"--lifecycle-hook-name {hook.name}"
            )
            desk.warn(f"Warning: hook {hook.name} of {group.name} stays: {take_off}")


def _confirm(desk: Desk, found: stack.Found) -> None:
    what = f"Delete the stack {found.name}, and its ledger with every past drain"
    if not desk.edge.can_ask:
        raise Halt(f"{what}? Nobody is there to answer", "give --yes", ExitCode.REFUSED)
    if not typer.confirm(f"{what}?", err=True):
        raise Halt("Nothing was deleted", code=ExitCode.REFUSED)
