"""Puts the commands together: `python -m cli`, or `./ecs-drainer`."""

from __future__ import annotations

import typer

from cli.commands.drain import drain
from cli.commands.plan import plan

app = typer.Typer(
    name="ecs-drainer",
    help="Empty ECS container instances before they go away, and never lose work on them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

for each in (plan, drain):
    app.command()(each)


def run() -> None:
    """Run the command line."""
    app()
