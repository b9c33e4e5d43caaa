"""The arguments and options that several commands take, each said once."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.requests import OnDeadline, Then

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
Deadline = Annotated[
    str | None,
    typer.Option(
        "--deadline", "-d", metavar="DURATION", help="When waiting ends: 30m, 1h30m, 2d; 48h at most."
    ),
]
Deadlined = Annotated[
    OnDeadline | None, typer.Option("--on-deadline", help="What is done then, if tasks are left.")
]
Standalone = Annotated[
    str | None,
    typer.Option(
        "--standalone",
        metavar="CHOICE",
        help="Tasks of RunTask and StartTask: wait, stop, 'stop-after 10m' or ignore.",
    ),
]
After = Annotated[Then | None, typer.Option("--then", help="What follows once every task is STOPPED.")]
Reason = Annotated[
    str | None,
    typer.Option("--message", "-m", metavar="WHY", help="Why, for the ledger and those who are notified."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
