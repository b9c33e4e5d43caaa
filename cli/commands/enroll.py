"""`ecs-drainer enroll`: puts the lifecycle hook on Auto Scaling groups, once."""

from __future__ import annotations

from typing import Annotated

import typer

from chalicelib.explain.words import some
from chalicelib.gateways import autoscaling
from chalicelib.gateways.aws import client, translated
from chalicelib.wording import did_you_mean
from cli import hooks
from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.hooks import WantedHook, wanted_hook
from cli.options import Deadline, DryRun, Standalone
from cli.problems import Halt

Groups = Annotated[
    list[str], typer.Option("--asg", metavar="NAME", help="The Auto Scaling group; may be repeated.")
]
HookName = Annotated[str, typer.Option("--hook", metavar="NAME", help="The lifecycle hook's name.")]
Heartbeat = Annotated[
    str,
    typer.Option(
        metavar="DURATION",
        help="The heartbeat timeout, 30s to 2h; the hook holds for 100 of it, 48h at most.",
    ),
]
HookDeadline = Annotated[
    str | None,
    typer.Option("--on-deadline", metavar="CHOICE", help="continue, stop-tasks, abandon or undrain."),
]


@command
def enroll(
    desk: Desk,
    *,
    groups: Groups,
    hook: HookName = hooks.DEFAULT_NAME,
    heartbeat: Heartbeat = hooks.DEFAULT_HEARTBEAT,
    deadline: Deadline = None,
    on_deadline: HookDeadline = None,
    standalone: Standalone = None,
    dry_run: DryRun = False,
) -> ExitCode:
    """Put the lifecycle hook on Auto Scaling groups, so that terminating instances are drained.

    Says what it changes; again changes nothing. Settings are written into the hook's metadata, which every
    lifecycle event carries. Instances that wait already are not held by a new hook.
    """
    settings = {"deadline": deadline, "on_deadline": on_deadline, "standalone_tasks": standalone}
    wanted = [wanted_hook(name, hook, heartbeat, settings) for name in dict.fromkeys(groups)]
    _refuse_unknown(desk, [each.group for each in wanted])
    documents = [_enroll(desk, each, dry_run=dry_run) for each in wanted]
    if desk.is_json:
        desk.report("", documents)
    return ExitCode.OK


def _refuse_unknown(desk: Desk, names: list[str]) -> None:
    there = [group.name for group in desk.ask(autoscaling.all_groups)]
    unknown = [f"{name}{did_you_mean(name, there)}" for name in names if name not in there]
    if unknown:
        remedy = f"there are {some(sorted(there), 10)}" if there else "there is none: is it the right Region?"
        raise Halt(f"There is no Auto Scaling group {some(unknown)}", remedy, ExitCode.NOT_FOUND)


def _enroll(desk: Desk, wanted: WantedHook, *, dry_run: bool) -> dict[str, object]:
    there = desk.ask(autoscaling.describe_hook, wanted.group, wanted.name)
    changes = wanted.differences(there)
    if changes and not dry_run:
        desk.ask(_put, wanted)
    if not changes:
        desk.say(f"{wanted.group} is enrolled already: hook {wanted.name} is as it should be.")
    for change in changes:
        desk.say(f"{wanted.group}: {'would change: ' if dry_run else ''}{change}")
    return {
        "auto_scaling_group": wanted.group,
        "hook": wanted.name,
        "changes": list(changes),
        "dry_run": dry_run,
    }


def _put(wanted: WantedHook) -> None:
    with translated():
        client("autoscaling").put_lifecycle_hook(**wanted.parameters)
