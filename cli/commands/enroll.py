"""`ecs-drainer enroll`: puts the lifecycle hook on Auto Scaling groups, once."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from chalicelib.common.model import AutoScalingGroup, LifecycleHook
from chalicelib.events import LifecycleAction
from chalicelib.explain.words import some
from chalicelib.gateways import autoscaling
from chalicelib.gateways.aws import client, translated
from chalicelib.policy.settings import Settings
from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.hook_code import Language, hook_as
from cli.hooks import WantedHook, acted_on, hook_to_write, wanted_hook
from cli.instances import refuse_unknown_groups
from cli.inventory import read_stage
from cli.options import DryRun, HookSettings

Groups = Annotated[
    list[str], typer.Option("--asg", metavar="NAME", help="The Auto Scaling group; may be repeated.")
]
HookName = Annotated[
    str | None,
    typer.Option(
        "--hook",
        metavar="NAME",
        help="The lifecycle hook's name; otherwise the one that the stage acts on, else a new one, ecs-drainer.",
    ),
]
Heartbeat = Annotated[
    str | None,
    typer.Option(
        metavar="DURATION", help="The heartbeat timeout, 30s to 2h; 100 of it is how long the hook can hold."
    ),
]

As = Annotated[
    Language | None,
    typer.Option("--as", help="Print the hook as code, as it would be put, and put nothing."),
]


@command
def enroll(
    desk: Desk,
    *,
    groups: Groups,
    hook: HookName = None,
    heartbeat: Heartbeat = None,
    settings: HookSettings,
    dry_run: DryRun = False,
    language: As = None,
) -> ExitCode:
    """Put the lifecycle hook on Auto Scaling groups, so that terminating instances are drained.

    A hook of the group that the stage acts on already is changed, and no second one put beside it. Says what it
    changes; again changes nothing, and what isn't given stays as it is (a new hook has a heartbeat timeout of 15m).
    Settings are written into the hook's metadata, which every lifecycle event carries. With --as nothing is put: the
    hook is printed as code, for groups that Terraform, the CDK or CloudFormation look after.
    """
    found = desk.ask(read_stage, desk.installation)
    if not found.is_deployed:
        desk.warn(f"Warning: {found.notice}. Until then each termination waits until the hook's timeout ends")
    stage = found.settings
    wanted = partial(
        wanted_hook, stage=stage.policy, heartbeat=heartbeat, settings=settings, reach=stage.reach
    )
    pairs: list[tuple[WantedHook, LifecycleHook | None]] = []
    for group in _known(desk, list(dict.fromkeys(groups))):
        name, there = _hook_of(desk, group.name, hook, stage)
        pairs.append((wanted(group.name, name, there, retains=group.retains_on_abandon), there))
    if language is not None:
        return _print(desk, language, pairs)
    documents = [_enroll(desk, *pair, dry_run=dry_run) for pair in pairs]
    if desk.is_json:
        desk.report("", documents)
    return ExitCode.OK


def _print(desk: Desk, language: Language, pairs: list[tuple[WantedHook, LifecycleHook | None]]) -> ExitCode:
    codes = [(wanted, hook_as(language, wanted, is_there=there is not None)) for wanted, there in pairs]
    documents = [
        {"auto_scaling_group": wanted.group, "hook": wanted.name, "language": language, "code": code}
        for wanted, code in codes
    ]
    desk.report("\n".join(code for _, code in codes).rstrip("\n"), documents)
    return ExitCode.OK


def _hook_of(desk: Desk, group: str, asked: str | None, stage: Settings) -> tuple[str, LifecycleHook | None]:
    """Return the name of the hook to put, and that hook if it is there; warns where it won't do what is meant."""
    hooks = desk.ask(autoscaling.terminate_hooks, group)
    ours = acted_on(hooks, stage)
    name = hook_to_write(group, asked, ours)
    if reason := stage.why_not_ours(LifecycleAction(auto_scaling_group=group, hook=name)):
        desk.warn(f"Warning: stage {desk.stage} will not act on it: {reason}")
    others = [hook.name for hook in ours if hook.name != name]
    if others and not reason:
        desk.warn(
            f"Warning: stage {desk.stage} acts on {some(others)} of {group} too: which hook's settings a drain goes by "
            "is chance"
        )
    return name, next((hook for hook in hooks if hook.name == name), None)


def _known(desk: Desk, names: list[str]) -> list[AutoScalingGroup]:
    there = {group.name: group for group in desk.ask(autoscaling.all_groups)}
    refuse_unknown_groups(names, there)
    return [there[name] for name in names]


def _enroll(
    desk: Desk, wanted: WantedHook, there: LifecycleHook | None, *, dry_run: bool
) -> dict[str, object]:
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
