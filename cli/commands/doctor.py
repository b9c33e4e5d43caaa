"""`ecs-drainer doctor`: what is missing, and what contradicts what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from chalicelib.explain.words import count
from cli.checkup import complaints
from cli.checkup_advice import advise
from cli.checkup_found import Complaint, Level
from cli.checkup_reading import Reading
from cli.command import command
from cli.commands.first_run import Asked, first_run
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.inventory import clusters, read_stage
from cli.options import Cluster, Yes
from cli.problems import Halt

Groups = Annotated[
    list[str] | None,
    typer.Option("--asg", metavar="NAME", help="Look at this Auto Scaling group only; may be repeated."),
]


PANEL = "The first run in an account"
FirstRun = Annotated[
    bool,
    typer.Option(
        "--first-run",
        rich_help_panel=PANEL,
        help="Settle what AWS does not document, instead; only reads by itself.",
    ),
]
WithGroup = Annotated[
    bool,
    typer.Option(
        "--with-a-throwaway-group",
        rich_help_panel=PANEL,
        help="Create a small group and try things on it; asks first, and removes it at the end.",
    ),
]
CleanUp = Annotated[
    bool,
    typer.Option(
        "--clean-up", rich_help_panel=PANEL, help="Remove what a first run that was killed left behind."
    ),
]
Report = Annotated[
    Path | None,
    typer.Option("--report", metavar="FILE", rich_help_panel=PANEL, help="Write what was found as JSON."),
]
Questions = Annotated[
    list[str] | None,
    typer.Option(
        "--question",
        metavar="ID",
        rich_help_panel=PANEL,
        help="Ask this open question only; may be repeated.",
    ),
]
Subnets = Annotated[
    list[str] | None,
    typer.Option(
        "--subnet",
        metavar="ID",
        rich_help_panel=PANEL,
        help="Launch there, not in default subnets; may be repeated.",
    ),
]


@command
def doctor(
    desk: Desk,
    *,
    cluster: Cluster = None,
    groups: Groups = None,
    of_first_run: FirstRun = False,
    with_group: WithGroup = False,
    clean_up: CleanUp = False,
    report: Report = None,
    questions: Questions = None,
    subnets: Subnets = None,
    yes: Yes = False,
) -> ExitCode:
    """Say what is missing or contradicts: hooks, heartbeats, managed draining, gates, rules, functions, tags.

    Looks at the deployed stage and at every Auto Scaling group with container instances. Exit code 9 when
    something keeps drains from working; warnings alone leave it 0. For each group it recommends ECS's managed draining,
    watched, or a hook of ours, with the reasons (docs/managed-draining.md).

    With --first-run it asks the account what AWS does not document (docs/open-questions.md), and says what each
    answer means for a drain.
    """
    asked = Asked(with_group, clean_up, report, questions or (), subnets or (), yes)
    if of_first_run:
        return first_run(desk, asked)
    if asked != Asked():
        raise Halt("These options are of a first run", "give --first-run as well", ExitCode.USAGE)
    return _check_up(desk, cluster, groups)


def _check_up(desk: Desk, cluster: str | None, groups: list[str] | None) -> ExitCode:
    stage = desk.ask(read_stage, desk.installation)
    reading = Reading(desk.installation, stage.settings)
    deployed = desk.ask(reading.deployed)
    where = clusters(desk, cluster, stage.settings) if not deployed.unknown_clusters or cluster else []
    found = desk.ask(reading.groups, where, groups or ())
    told = complaints(replace(deployed, unread=tuple(reading.refusals)), found)
    told += [advise(group).complaint() for group in found]
    looked = f"stage {desk.stage} and {count(len(found), 'Auto Scaling group')}"
    documents = [
        {"level": one.level, "subject": one.subject, "sentence": one.sentence, "remedy": one.remedy}
        for one in told
    ]
    desk.report(_text(told, looked), documents)
    return ExitCode.PROBLEMS_FOUND if any(one.level is Level.ERROR for one in told) else ExitCode.OK


def _text(told: list[Complaint], looked: str) -> str:
    lines = [f"{one.level.upper()} {one.subject}: {one.sentence}\n  remedy: {one.remedy}" for one in told]
    errors, warnings = (sum(one.level is level for one in told) for level in (Level.ERROR, Level.WARNING))
    verdict = (
        f"{count(errors, 'error')}, {count(warnings, 'warning')}" if errors + warnings else "nothing is wrong"
    )
    return "\n".join([*lines, f"Looked at {looked}: {verdict}."])
