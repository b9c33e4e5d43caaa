"""Puts the commands together: `python -m cli`, or `./ecs-drainer`."""

from __future__ import annotations

import typer

from cli.commands import fleet, overview, sandbox
from cli.commands.cancel import cancel
from cli.commands.doctor import doctor
from cli.commands.drain import drain
from cli.commands.enroll import enroll
from cli.commands.explain import explain
from cli.commands.plan import plan
from cli.commands.show import show
from cli.commands.sign_off import sign_off

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
SETTING_UP = "Setting up"

for each in (plan, drain, explain, cancel):
    app.command(rich_help_panel=AT_AN_INSTANCE)(each)
app.command("sign-off", rich_help_panel=AT_AN_INSTANCE)(sign_off)
for each, name in (
    (overview.status, "status"),
    (overview.list_, "list"),
    (overview.watch, "watch"),
    (overview.history, "history"),
    (show, "show"),
):
    app.command(name, rich_help_panel=LOOKING)(each)

for each in (enroll, doctor):
    app.command(rich_help_panel=SETTING_UP)(each)

app.add_typer(fleet.app, name="fleet", rich_help_panel=AT_AN_INSTANCE)
app.add_typer(sandbox.app, name="sandbox", rich_help_panel=SETTING_UP)


def run() -> None:
    """Run the command line."""
    app(prog_name="ecs-drainer")
