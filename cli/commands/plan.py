"""`ecs-drainer plan`: what a drain would do; touches nothing."""

from __future__ import annotations

from collections.abc import Sequence

from cli import plan_view
from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.inventory import StageSettings, clusters, find_instances, read_stage
from cli.options import Cluster, DrainSettings, Instances
from cli.prospects import Prospect, read_prospect, with_gates_now
from cli.refusals import asked_in_vain
from cli.requests import Wishes


@command
def plan(
    desk: Desk,
    *,
    instances: Instances,
    cluster: Cluster = None,
    settings: DrainSettings,
) -> ExitCode:
    """Say what draining would do, and touch nothing.

    What would move, stay or block, with remedies; whether the rest of the cluster has room; how long at least.
    Exit code 5 when the drain can't end as things stand, or not as was asked.
    """
    wishes = Wishes(settings=settings, cluster=cluster)
    prospects = read_prospects(desk, instances, wishes, desk.ask(read_stage, desk.installation))
    prospects = [desk.ask(with_gates_now, each, desk.installation.ledger, desk.now()) for each in prospects]
    documents = [plan_view.record(prospect) for prospect in prospects]
    desk.report("\n\n".join(plan_view.render(prospect) for prospect in prospects), documents)
    is_refused = any(prospect.is_blocked or any(asked_in_vain(prospect)) for prospect in prospects)
    return ExitCode.BLOCKED if is_refused else ExitCode.OK


def read_prospects(desk: Desk, names: Sequence[str], wishes: Wishes, stage: StageSettings) -> list[Prospect]:
    """Return the prospects of the named instances; raises Halt for names that mean none."""
    for notice in (stage.notice, *stage.settings.notices):
        if notice:
            desk.warn(f"Note: {notice}")
    chosen = find_instances(desk, names, wishes.cluster, stage.settings)
    where = clusters(desk, wishes.cluster, stage.settings)
    at = desk.now()
    return [
        desk.ask(read_prospect, each, wishes, where, stage.settings, at=at, chosen=chosen) for each in chosen
    ]
