"""`ecs-drainer cancel`: stops a drain and gives the instance back, or says why that would help nobody."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command import command
from cli.desk import Desk
from cli.drains import instance_id_of
from cli.exit_codes import ExitCode
from cli.giving_back import Case, give_back, read_open_case, refuse_doomed, warn_of_fleet
from cli.options import Instances, Reason, Yes
from cli.problems import Halt

Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Stop the drain although Auto Scaling takes the instance; leaves it DRAINING."
    ),
]


@command
def cancel(
    desk: Desk, *, instances: Instances, reason: Reason = None, force: Force = False, yes: Yes = False
) -> ExitCode:
    """Stop a drain and set the instance ACTIVE again; tasks that moved away stay where they are.

    An instance that Auto Scaling is terminating can't be saved: that is said, with the time, and refused without
    --force. An instance that an earlier drain left DRAINING is set ACTIVE as well.
    """
    cases = [read_open_case(desk, instance_id_of(desk, name)) for name in instances]
    refuse_doomed(desk, cases, force=force)
    if not yes:
        _confirm(desk, cases)
    why = reason or "no reason was given"
    documents = [give_back(desk, case, why) for case in cases]
    for case in cases:
        warn_of_fleet(desk, case)
    if desk.is_json:
        desk.report("", documents)
    return ExitCode.OK


def _confirm(desk: Desk, cases: list[Case]) -> None:
    what = f"Cancel the drain of {', '.join(case.instance_id for case in cases)}"
    if not desk.edge.can_ask:
        raise Halt(f"{what}? Nobody is there to answer", "give --yes", ExitCode.REFUSED)
    if not typer.confirm(f"{what}?", err=True):
        raise Halt("Nothing was cancelled", code=ExitCode.REFUSED)
