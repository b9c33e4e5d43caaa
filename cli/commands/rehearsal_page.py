"""`ecs-drainer rehearsal-page`: the answer of a rehearsal as one page for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.command import local_command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.problems import Halt
from rehearsal.result import Answer

Given = Annotated[
    Path,
    typer.Argument(metavar="ANSWER", help="What a rehearsal answered, as JSON (`-o json`).", dir_okay=False),
]
Page = Annotated[
    Path, typer.Option("--html", metavar="FILE", dir_okay=False, help="Where to write the page.")
]


@local_command
def rehearsal_page(desk: Desk, *, answer: Given, html: Page) -> ExitCode:
    """Write the answer of a rehearsal as one page for a browser: the fleet over time, with a slider.

    The page asks nobody for anything, and works offline.
    """
    from cli.page.rehearsed.files import read_answer  # noqa: PLC0415  # needs the template engine

    desk.report(write_page(read_answer(answer), html), {"file": str(html)})
    return ExitCode.OK


def write_page(answer: Answer, file: Path) -> str:
    """Write a rehearsal's page, and return a sentence that says so; raises Halt where the file can't be written."""
    from cli.page.rehearsed import render  # noqa: PLC0415  # as above

    page = render(answer)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Halt(f"{file} can't be written: {error.strerror}", "name another file") from None
    size = f"{len(page.encode()) / 1_000_000:.1f} MB"
    return f"{file} shows the rehearsal of {answer.scenario} ({size}); it works offline."
