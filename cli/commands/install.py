"""`ecs-drainer install`: deploys a release into the account, or brings what is installed up to date."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.explain.words import count
from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.inventory import read_stage
from cli.options import Yes
from cli.problems import Halt
from cli.stacks import stack
from cli.stacks.bucket import Bucket, default_bucket
from cli.stacks.bundle import Bundle, read_bundle
from cli.stacks.change_set import HEADER, ChangeSet, Wanted, prepared
from cli.stacks.parameters import ASKED, complaint, default_of, read_parameters, request

Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-P",
        metavar="NAME=VALUE",
        help="A parameter of the template, such as Deadline=30m; may be repeated. What isn't given stays as it is.",
    ),
]
BucketName = Annotated[
    str | None,
    typer.Option(
        "--bucket",
        metavar="NAME",
        help="The S3 bucket for the functions' code; otherwise ecs-drainer-ACCOUNT-REGION, which is made.",
    ),
]
From = Annotated[
    Path | None,
    typer.Option(
        "--from",
        metavar="FOLDER",
        help="Where template.json and deployment.zip of a release lie; otherwise those that came with this command.",
    ),
]
Plan = Annotated[
    bool, typer.Option("--plan", "--dry-run", help="Show what would change, and change nothing.")
]


@command
def install(
    desk: Desk,
    *,
    parameters: Parameters = None,
    bucket: BucketName = None,
    folder: From = None,
    plan: Plan = False,
    yes: Yes = False,
) -> ExitCode:
    """Deploy ecs-drainer into the account as one CloudFormation stack, or bring an installed one up to date.

    Shows the change set and asks before it is executed; refused, it leaves nothing behind. Again upgrades to what this
    command carries, keeping every parameter that isn't given. A stage that was deployed by other means is left alone.
    """
    bundle = read_bundle(folder)
    given = read_parameters(parameters or [], bundle.parameters)
    there = _there(desk, is_plan=plan, yes=yes)
    if there is None and not (given or plan or yes) and desk.edge.can_ask:
        given = _asked(bundle)
    where = _bucket(desk, bucket, there)
    filled = {"Stage": desk.stage, "CodeBucket": where.name, "CodeKey": bundle.key}
    before = there.parameters if there else None
    wanted = Wanted(
        desk.installation.name,
        bundle.template,
        request(bundle.parameters, {**given, **filled}, before),
        is_new=there is None,
    )
    exists = where.exists()
    with prepared(desk, wanted, where if exists else None) as change_set:
        _show(desk, bundle, there, change_set, given)
        if plan or not change_set.has_changes:
            return _report(desk, bundle, there, change_set, is_plan=plan)
        if not yes:
            _confirm(desk, "Install this" if there is None else "Change this")
        if not exists:
            desk.warn(f"Making the bucket {where.name} ...")
            where.make()
        where.put(bundle.key, bundle.code)
        return _report(desk, bundle, change_set.execute(desk), change_set, is_plan=False)


def _there(desk: Desk, *, is_plan: bool, yes: bool) -> stack.Found | None:
    """Return the stage's stack if it is ours; raises Halt where the stage was deployed by other means."""
    found = desk.ask(stack.find, desk.installation.name)
    if found is None:
        stage = desk.ask(read_stage, desk.installation)
        if stage.is_deployed and not stage.notice:  # a notice says that nobody may read whether it is
            raise _not_ours(desk)
        return None
    if not found.is_ours:
        raise _not_ours(desk)
    stack.refuse_unless_settled(found)
    if found.status not in stack.NEVER_WORKED:
        return found
    _clear_away(desk, found, is_plan=is_plan, yes=yes)
    return None


def _clear_away(desk: Desk, found: stack.Found, *, is_plan: bool, yes: bool) -> None:
    """Delete a stack that never came up: CloudFormation takes nothing else of it."""
    sentence = (
        f"The stack {found.name} never came up and is {found.status}: what is left of it must be deleted"
    )
    if is_plan:
        raise Halt(sentence, "without --plan that is done first", ExitCode.REFUSED)
    desk.warn(f"{sentence} first.")
    if not yes:
        _confirm(desk, "Delete it")
    stack.delete(desk, found)


def _not_ours(desk: Desk) -> Halt:
    return Halt(
        f"Stage {desk.stage} in {desk.installation.region} was deployed by other means, and is left alone",
        "go on with those (`chalice deploy`, Terraform, CDK, SAM, CloudFormation), or install another --stage",
        ExitCode.REFUSED,
    )


def _asked(bundle: Bundle) -> dict[str, str]:
    """Return what a person answers to the few questions of a first installation."""
    answers: dict[str, str] = {}
    for name in ASKED:
        spec = bundle.parameters[name]
        typer.echo(f"{name}: {spec['Description']}", err=True)
        default = default_of(spec)
        while True:
            answer = typer.prompt(f"  {name}", default=default, show_default=bool(default), err=True)
            wrong = complaint(name, answer, spec)
            if not wrong:
                break
            typer.echo(f"  {wrong}", err=True)
        if answer != default:
            answers[name] = answer
    return answers


def _bucket(desk: Desk, asked: str | None, there: stack.Found | None) -> Bucket:
    """Return the bucket that is named, else the one that the stack's code is in, else ours."""
    at = desk.installation
    before = there.parameters.get("CodeBucket") if there else None
    name = asked or before
    return Bucket(at, name) if name else default_bucket(at)


def _show(
    desk: Desk,
    bundle: Bundle,
    there: stack.Found | None,
    change_set: ChangeSet,
    given: Mapping[str, str],
) -> None:
    """Say what would change; of a new stack, how many resources of each type."""
    at = desk.installation
    where = f"stage {desk.stage}, account {at.account}, {at.region}"
    if there is None:
        desk.say(f"ecs-drainer {bundle.release} is new here: {where}, stack {at.name}")
        rows = stack.by_type([each["ResourceType"] for each in change_set.changes])
        if not desk.is_json:
            desk.table(("new", "type"), rows, [], "")
        return
    versions = f"{there.release} -> {bundle.release}" if there.release != bundle.release else bundle.release
    desk.say(f"ecs-drainer {versions}: {where}, stack {at.name}")
    for name, value in given.items():
        if (old := there.parameters.get(name, "")) != value:
            desk.say(f"parameter {name}: {old or 'empty'} -> {value or 'empty'}")
    if change_set.changes and not desk.is_json:
        desk.table(HEADER, change_set.rows(), [], "")


def _confirm(desk: Desk, what: str) -> None:
    if not desk.edge.can_ask:
        raise Halt(f"{what}? Nobody is there to answer; nothing was changed", "give --yes", ExitCode.REFUSED)
    if not typer.confirm(f"{what}?", err=True):
        raise Halt("Nothing was changed", code=ExitCode.REFUSED)


def _report(
    desk: Desk, bundle: Bundle, found: stack.Found | None, change_set: ChangeSet, *, is_plan: bool
) -> ExitCode:
    document = {
        "stage": desk.stage,
        "stack": desk.installation.name,
        "release": bundle.release,
        "plan": is_plan,
        "changes": [dict(zip(HEADER, row, strict=True)) for row in change_set.rows()],
        "outputs": found.outputs if found else {},
    }
    if desk.is_json:
        desk.report("", document)
    else:
        desk.say(_ending(desk, bundle, found, change_set, is_plan=is_plan))
    return ExitCode.OK


def _ending(
    desk: Desk, bundle: Bundle, found: stack.Found | None, change_set: ChangeSet, *, is_plan: bool
) -> str:
    if not change_set.has_changes:
        return "It is up to date: nothing changes."
    if is_plan:
        return f"{count(len(change_set.changes), 'change')}; nothing was changed (--plan)."
    return "\n".join(
        [
            f"ecs-drainer {bundle.release} is installed as stage {desk.stage}.",
            *(f"  {name}: {value}" for name, value in sorted((found.outputs if found else {}).items())),
            "Next: `ecs-drainer enroll --asg NAME` puts the lifecycle hook on a group (or prints it: --as terraform),",
            "      `ecs-drainer doctor` says what is still missing.",
        ]
    )
