"""Puts the commands together: `python -m cli`, or `./ecs-drainer`. Each is imported when it is called."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.lazily import SETTINGS, Entry, group_of

AT_AN_INSTANCE = "Instances"
REHEARSING = "Before it happens"
LOOKING = "Drains, open and past"
SETTING_UP = "Setting up"


def _at_an_instance(name: str, sentence: str) -> Entry:
    module = name.replace("-", "_")
    return Entry(name, AT_AN_INSTANCE, sentence, f"cli.commands.{module}", module)


def _looking(name: str, sentence: str, attribute: str = "", module: str = "overview") -> Entry:
    return Entry(name, LOOKING, sentence, f"cli.commands.{module}", attribute or name)


def _setting_up(name: str, sentence: str, attribute: str = "") -> Entry:
    return Entry(name, SETTING_UP, sentence, f"cli.commands.{name}", attribute or name)


COMMANDS = (
    _at_an_instance("plan", "Say what draining would do, and touch nothing."),
    _at_an_instance("drain", "Drain instances and follow until every task is STOPPED."),
    _at_an_instance(
        "explain",
        "Say why an instance is not moving, now: for each task what holds it, and what would free it.",
    ),
    _at_an_instance(
        "cancel",
        "Stop a drain and set the instance ACTIVE again; tasks that moved away stay where they are.",
    ),
    _at_an_instance(
        "sign-off",
        "Say that a task of a stateful service may be stopped, may not, or needs more time; the last answer stands.",
    ),
    Entry(
        "snapshot",
        REHEARSING,
        "Write down all that drains in a cluster depend on, for a rehearsal; nothing is changed.",
        "cli.commands.snapshot",
        "snapshot",
    ),
    Entry(
        "rehearse",
        REHEARSING,
        "Say what a scale-in, a refresh or a Spot storm would do to a cluster, minute by minute, before it happens.",
        "cli.commands.rehearse",
        "rehearse",
    ),
    _looking(
        "status", "Say how drains stand: what holds them, how much time is left, what was explained last."
    ),
    _looking("list", "List the open drains: since when, how much time is left, who asked, and why.", "list_"),
    _looking("watch", "Follow drains that were started before, by anyone or anything, to their end."),
    _looking(
        "history", "List past drains, newest first: how each ended, how long it took, who asked, and why."
    ),
    _looking(
        "show",
        "Show one drain, open or past: every state it went through, and every task through its statuses.",
        module="show",
    ),
    _looking(
        "console",
        "Serve a page for your browser: open drains live, what holds them, history and audit. Ctrl-C ends it.",
        module="console",
    ),
    _looking(
        "rehearsal-page",
        "Write the answer of a rehearsal as one page for a browser: the fleet over time, with a slider.",
        "rehearsal_page",
        module="rehearsal_page",
    ),
    _setting_up(
        "install",
        "Deploy ecs-drainer into the account as one CloudFormation stack, or bring an installed one up to date.",
    ),
    _setting_up(
        "enroll", "Put the lifecycle hook on Auto Scaling groups, so that terminating instances are drained."
    ),
    _setting_up(
        "doctor",
        "Say what is missing or contradicts: hooks, heartbeats, managed draining, gates, rules, functions, tags.",
    ),
    _setting_up(
        "uninstall",
        "Delete what was installed: the stack, and the bucket that was made for it where no other stage needs it.",
    ),
    Entry(
        "fleet",
        AT_AN_INSTANCE,
        "Drain many instances, some at a time, without moving a task twice.",
        "cli.commands.fleet",
        "app",
    ),
    _setting_up("sandbox", "An embedded AWS on this machine, with a sample cluster.", "app"),
)

app = typer.Typer(
    name="ecs-drainer",
    cls=group_of(COMMANDS),
    help="Empty ECS container instances before they go away, and never lose work on them.",
    no_args_is_help=True,
    **SETTINGS,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from cli.whereabouts import version  # noqa: PLC0415  # no other call asks

        print(f"ecs-drainer {version()}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say which version this is.")
]


@app.callback()
def _begin(*, version: Version = False) -> None:
    """Take the options that stand before the command."""


def run() -> None:
    """Run the command line."""
    app(prog_name="ecs-drainer")
