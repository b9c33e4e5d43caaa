"""`ecs-drainer snapshot`: a cluster as it is, into a file, for rehearsals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chalicelib.common.errors import AccessDenied
from chalicelib.policy.settings import Settings
from cli.command import command_without_output
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.inventory import clusters, read_environment
from cli.problems import Halt
from cli.progress import telling
from cli.rehearsed_past import read_past
from rehearsal.anonymising import anonymised
from rehearsal.reading import Reader, read_snapshot
from rehearsal.snapshot import Snapshot

OWN_SETTINGS = "ECS_DRAINER_"

Cluster = Annotated[
    str, typer.Option("--cluster", "-c", metavar="CLUSTER", help="The ECS cluster, by name or ARN.")
]
Group = Annotated[
    str | None,
    typer.Option(
        "--asg",
        metavar="NAME",
        help="Keep this Auto Scaling group; each that has a container instance otherwise.",
    ),
]
File = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FILE", help="Where it is written; `-` is standard output."),
]
Anonymise = Annotated[
    bool,
    typer.Option(
        "--anonymise",
        help="Give clusters, services, instances and all others numbers for names; nothing behaves otherwise.",
    ),
]


@command_without_output
def snapshot(
    desk: Desk,
    *,
    cluster: Cluster,
    asg: Group = None,
    output: File = Path("cluster.json"),
    anonymise: Anonymise = False,
) -> ExitCode:
    """Write down all that drains in a cluster depend on, for a rehearsal; nothing is changed.

    It reads five times a second at most, a quarter of what ECS lets an account read. No environment, command, image,
    secret or tag of yours is kept.
    """
    clusters(desk, cluster, Settings())  # refuses what is none, and names those that are there
    with telling(desk, "snapshot") as tell:
        reader = Reader(desk.edge.sleep, tell)
        settings = _settings(desk)
        past = reader.try_to("past drains", lambda: read_past(desk, reader, cluster))
        taken = read_snapshot(cluster, asg, reader, taken_at=desk.now(), settings=settings, past=past)
    if anonymise:
        taken = anonymised(taken)
    _write(output, taken)
    where = "" if str(output) == "-" else f" -> {output}"
    desk.warn(f"{_summary(taken)}; {reader.calls} calls{where}")
    for refusal in taken.document["unread"]:
        desk.warn(f"not read: {refusal}")
    return ExitCode.OK


def _settings(desk: Desk) -> dict[str, str]:
    """Return the stage's ECS_DRAINER_ variables; none where nothing is deployed, or they may not be read."""
    try:
        _, variables = read_environment(desk.installation) or ("", {})
    except AccessDenied:
        function = desk.installation.function("plan_drain")
        desk.warn(f"the settings of {function} may not be read: built-in defaults count")
        return {}
    return {name: value for name, value in variables.items() if name.startswith(OWN_SETTINGS)}


def _write(output: Path, taken: Snapshot) -> None:
    if str(output) == "-":
        print(taken.written(), end="")
        return
    try:
        output.write_text(taken.written(), encoding="utf-8")
    except OSError as error:
        raise Halt(
            f"{output} can't be written: {error.strerror}", "name another file with --output"
        ) from error


def _summary(taken: Snapshot) -> str:
    live = sum(task["lastStatus"] != "STOPPED" for task in taken.tasks)
    groups = ", ".join(group["AutoScalingGroupName"] for group in taken.groups) or "no Auto Scaling group"
    return (
        f"{taken.cluster}: {len(taken.instances)} container instances, {live} tasks, "
        f"{len(taken.services)} services, {groups}"
    )
