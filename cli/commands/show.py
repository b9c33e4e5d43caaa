"""`ecs-drainer show`: the audit view of one drain."""

from __future__ import annotations

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

WithData = Annotated[bool, typer.Option("--data", help="Every state with its input and output.")]


@command
def show(desk: Desk, *, drain: Drain, data: WithData = False) -> ExitCode:
    """Show one drain, open or past: every state it went through, and every task through its statuses."""
    audit = read_audit(desk, find_drain(desk, drain))
    desk.report(audit_text.render(audit, with_data=data), audit_text.record(audit))
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
        definition=desk.ask(executions.definition_of, found.execution),
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
