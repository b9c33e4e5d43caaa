"""`ecs-drainer doctor`: what is missing, and what contradicts what."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from chalicelib.explain.words import count
from cli.checkup import complaints
from cli.checkup_found import Complaint, Level
from cli.checkup_reading import Reading
from cli.command import command
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.inventory import clusters, read_stage
from cli.options import Cluster

Groups = Annotated[
    list[str] | None,
    typer.Option("--asg", metavar="NAME", help="Look at this Auto Scaling group only; may be repeated."),
]


@command
def doctor(desk: Desk, *, cluster: Cluster = None, groups: Groups = None) -> ExitCode:
    """Say what is missing or contradicts: hooks, heartbeats, managed draining, gates, rules, functions, tags.

    Looks at the deployed stage and at every Auto Scaling group with container instances. Exit code 9 when
    something keeps drains from working; warnings alone leave it 0.
    """
    stage = desk.ask(read_stage, desk.installation)
    reading = Reading(desk.installation, stage.settings)
    deployed = desk.ask(reading.deployed)
    where = clusters(desk, cluster, stage.settings) if not deployed.unknown_clusters or cluster else []
    found = desk.ask(reading.groups, where, groups or ())
    told = complaints(replace(deployed, unread=tuple(reading.refusals)), found)
    looked = f"stage {desk.stage} and {count(len(found), 'Auto Scaling group')}"
    documents = [
        {"level": one.level, "subject": one.subject, "sentence": one.sentence, "remedy": one.remedy}
        for one in told
    ]
    desk.report(_text(told, looked), documents)
    return ExitCode.PROBLEMS_FOUND if any(one.level is Level.ERROR for one in told) else ExitCode.OK


def _text(told: list[Complaint], looked: str) -> str:
    lines = [f"{one.level.upper()} {one.subject}: {one.sentence}\n  remedy: {one.remedy}" for one in told]
    errors = sum(one.level is Level.ERROR for one in told)
    verdict = (
        f"{count(errors, 'error')}, {count(len(told) - errors, 'warning')}" if told else "nothing is wrong"
    )
    return "\n".join([*lines, f"Looked at {looked}: {verdict}."])
