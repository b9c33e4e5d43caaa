"""The arguments and options that several commands take, each said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from chalicelib.policy import SETTINGS, Setting

INSTANCE_HELP = "EC2 instance id, container instance ARN or id, or private DNS name."

Instances = Annotated[list[str], typer.Argument(metavar="INSTANCE", help=INSTANCE_HELP)]
SomeInstances = Annotated[
    list[str] | None, typer.Argument(metavar="INSTANCE", help=f"{INSTANCE_HELP} All, if none is named.")
]
Instance = Annotated[str, typer.Argument(metavar="INSTANCE", help=INSTANCE_HELP)]
Drain = Annotated[
    str,
    typer.Argument(
        metavar="DRAIN", help="A drain's name or ARN as `history` shows it, or an instance: its latest drain."
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        "-c",
        metavar="CLUSTER",
        help="The ECS cluster to look in, by name or ARN; the stage's, or all, otherwise.",
    ),
]
Reason = Annotated[
    str | None,
    typer.Option("--message", "-m", metavar="WHY", help="Why, for the ledger and those who are notified."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


SETTINGS_PANEL = "Settings, over those of the hook, the tags and the stage"


class Gathered:
    """Several options as one parameter of a command: a class of this kind, made of those that were given."""

    @classmethod
    def options(cls) -> dict[str, Any]:
        """Return the annotation of each option, by its name; each is None where it isn't given."""
        raise NotImplementedError


class DrainSettings(dict[str, str | None], Gathered):
    """The settings that were given, of all that a drain has; `--cluster` is the commands' own."""

    manual = True

    @classmethod
    def options(cls) -> dict[str, Any]:
        """Return an option for each setting of the policy's table."""
        return {
            setting.name: Annotated[str | None, _option(setting)]
            for setting in SETTINGS
            if setting.name != "cluster" and (cls.manual or not setting.manual_only)
        }


class HookSettings(DrainSettings):
    """The same without those that only a manual request may set."""

    manual = False


def _option(setting: Setting) -> Any:
    return typer.Option(
        f"--{setting.name.replace('_', '-')}",
        *setting.flags,
        metavar="DURATION" if setting.unit else "WORD" if setting.words else "VALUE",
        help=setting.meaning if setting.unit else f"{setting.meaning} Accepts {setting.accepts}.",
        rich_help_panel=SETTINGS_PANEL,
        autocompletion=_completer(setting.words) if setting.words else None,
    )


def _completer(words: tuple[str, ...]) -> Callable[[str], list[str]]:
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]
