"""Puts the commands together: `python -m cli`, or `./ecs-drainer`."""

from __future__ import annotations

import typer

from cli.commands import overview
from cli.commands.cancel import cancel
from cli.commands.drain import drain
from cli.commands.explain import explain
from cli.commands.plan import plan

app = typer.Typer(
    name="ecs-drainer",
    help="Empty ECS container instances before they go away, and never lose work on them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

AT_AN_INSTANCE = "Instances"
LOOKING = "Drains, open and past"

for each in (plan, drain, explain, cancel):
    app.command(rich_help_panel=AT_AN_INSTANCE)(each)
for each, name in (
    (overview.status, "status"),
    (overview.list_, "list"),
    (overview.watch, "watch"),
    (overview.history, "history"),
):
    app.command(name, rich_help_panel=LOOKING)(each)


def run() -> None:
    """Run the command line."""
    app()
