"""`ecs-drainer console`: the drains as pages in a browser on this machine."""

from __future__ import annotations

import webbrowser
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.problems import Halt

NEEDED = ("starlette", "uvicorn", "sse_starlette")
"""What the extra `console` brings."""

Port = Annotated[
    int,
    typer.Option(
        metavar="PORT", min=0, max=65535, help="Where it listens on 127.0.0.1; 0 takes a free port."
    ),
]
AllowActions = Annotated[
    bool,
    typer.Option(
        "--allow-actions",
        help="Let its pages cancel drains, extend deadlines and stop tasks, with your credentials.",
    ),
]
Rehearsals = Annotated[
    list[Path] | None,
    typer.Option(
        "--rehearsal",
        metavar="FILE",
        exists=True,
        help="Show the answer of a rehearsal, or every `*.json` of a folder, as a page beside the drains.",
    ),
]
Open = Annotated[bool, typer.Option("--open", help="Open it in your browser.")]


@command
def console(
    desk: Desk,
    *,
    port: Port = 0,
    allow_actions: AllowActions = False,
    rehearsals: Rehearsals = None,
    opens: Open = False,
) -> ExitCode:
    """Serve a page for your browser: open drains live, what holds them, history and audit. Ctrl-C ends it.

    It listens on this machine's loopback alone, and answers whoever has the address that it prints. It reads the ledger
    and the state machine while a page is open, and ECS only when you ask. Where nothing is deployed it still explains
    instances.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise Halt(
            f"The console needs packages that the command itself does not: {', '.join(missing)}",
            "install `ecs-drainer[console]` where you installed `ecs-drainer`; a clone has them by `make install`",
        )
    from cli.console.serving import serve  # noqa: PLC0415  # needs what may be missing
    from cli.page.rehearsed.files import rehearsals_in  # noqa: PLC0415  # needs the template engine

    files = rehearsals_in(rehearsals or ())
    account = f"stage {desk.stage} in account {desk.installation.account}, {desk.installation.region}"

    def ready(address: str) -> None:
        acts = "its pages can act" if allow_actions else "read-only"
        desk.report_line(f"The console of {account} ({acts}) is at\n  {address}", {"address": address})
        desk.warn("Whoever has this address can use it. Ctrl-C ends it; drains go on.")
        if opens:
            webbrowser.open(address)

    with suppress(KeyboardInterrupt):
        serve(desk, port=port, allows_actions=allow_actions, rehearsals=files, ready=ready)
    desk.warn("The console is closed.")
    return ExitCode.OK
