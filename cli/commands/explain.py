"""`ecs-drainer explain`: why an instance is not empty yet, now."""

from __future__ import annotations

from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.explained import read_explanation
from cli.options import Cluster, Instance


@command
def explain(desk: Desk, *, instance: Instance, cluster: Cluster = None) -> ExitCode:
    """Say why an instance is not moving, now: for each task what holds it, and what would free it.

    Reads everything anew, so it is more recent than the drain's own last explanation. Where nothing is deployed, or the
    ledger may not be read, it explains what ECS drains or a person set DRAINING.
    """
    explained = read_explanation(desk, instance, cluster)
    desk.report(explained.text, explained.document)
    return ExitCode.OK
