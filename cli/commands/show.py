"""`ecs-drainer show`: the audit view of one drain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chalicelib.gateways.ecs import describe_tasks
from cli import audit_text, executions
from cli.audit import Audit, make_audit
from cli.changes import Known, step
from cli.command import command
from cli.desk import Desk
from cli.drains import Found, find_drain
from cli.exit_codes import ExitCode
from cli.naming import by_cluster, names_of
from cli.options import Drain
from cli.problems import Halt

WithData = Annotated[
    bool,
    typer.Option(
        "--data", help="Every state with its input, and what it left: its variables, or its output."
    ),
]

AsPage = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", dir_okay=False, help="Write it as one page for a browser, with pictures."
    ),
]


@command
def show(desk: Desk, *, drain: Drain, data: WithData = False, html: AsPage = None) -> ExitCode:
    """Show one drain, open or past: every state it went through, and every task through its statuses."""
    audit = read_audit(desk, find_drain(desk, drain))
    if html:
        return _write_page(desk, audit, html)
    desk.report(audit_text.render(audit, with_data=data), audit_text.record(audit, with_data=data))
    return ExitCode.OK


def _write_page(desk: Desk, audit: Audit, file: Path) -> ExitCode:
    from cli.page import render  # noqa: PLC0415  # no other command needs the template engine

    page = render(audit, desk.now())
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Halt(f"{file} can't be written: {error.strerror}", "name another file") from None
    size = f"{len(page.encode()) / 1_000_000:.1f} MB"
    desk.report(f"{file} shows drain {audit.execution.name} ({size}); it works offline.", {"file": str(file)})
    return ExitCode.OK


def read_audit(desk: Desk, found: Found) -> Audit:
    """Return everything that AWS still knows of a drain; raises Halt where its history is gone."""
    execution = desk.ask(executions.describe, found.execution)
    if execution is None:
        raise Halt(
            f"Step Functions no longer knows {found.execution.rsplit(':', 1)[-1]}: it keeps a history for 90 days",
            f"`ecs-drainer history {found.instance_id}` shows what the ledger kept",
            ExitCode.NOT_FOUND,
        )
    events = desk.ask(executions.history_after, found.execution)
    return make_audit(
        execution,
        events,
        instance_id=found.instance_id,
        record=found.record,
        names=_names(desk, events),
    )


def _names(desk: Desk, events: list[executions.Event]) -> dict[str, str]:
    known, arns = Known(), set[str]()
    for event in events:
        known, changes = step(known, event)
        arns |= {str(change.facts["task"]) for change in changes if change.kind == "task"}
    described = [
        desk.ask(describe_tasks, cluster, sorted(those)).tasks for cluster, those in by_cluster(arns).items()
    ]
    return names_of(task for tasks in described for task in tasks)
