"""`ecs-drainer rehearse`: what would happen to a cluster, by its snapshot, in the embedded AWS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chalicelib.common.errors import InvalidInput
from chalicelib.common.wording import shown
from cli.command import local_command
from cli.commands.rehearsal_page import write_page
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.problems import Halt
from cli.progress import counting
from cli.rehearsal_view import timeline_text, view
from cli.sandbox_up import refuse_if_incomplete
from rehearsal.result import Answer
from rehearsal.snapshot import Snapshot, read
from rehearsal.start_ups import read_start_ups
from rehearsal.variants import variants_of

if TYPE_CHECKING:  # it imports the embedded AWS, which the command alone lacks
    from rehearsal.scenarios import Kind

WHAT = "What happens: one of these"
VARIED = "What is varied"
MOST_DRAWS = 200

File = Annotated[Path, typer.Argument(metavar="SNAPSHOT", help="What `ecs-drainer snapshot` wrote.")]
ScaleIn = Annotated[
    int | None,
    typer.Option("--scale-in", metavar="N", rich_help_panel=WHAT, help="Auto Scaling takes N instances out."),
]
Named = Annotated[
    list[str] | None,
    typer.Option(
        "--instances",
        metavar="ID",
        rich_help_panel=WHAT,
        help="These are terminated and replaced; repeat it for more.",
    ),
]
Refresh = Annotated[
    bool,
    typer.Option("--instance-refresh", rich_help_panel=WHAT, help="All instances of a group are replaced."),
]
SpotStorm = Annotated[
    str | None,
    typer.Option(
        "--spot-storm",
        metavar="PERCENT",
        rich_help_panel=WHAT,
        help="EC2 takes such a share of the Spot Instances at once.",
    ),
]
AtOnce = Annotated[
    int | None,
    typer.Option(
        "--at-once",
        metavar="N",
        rich_help_panel=WHAT,
        help="The N oldest are terminated and replaced, all at once.",
    ),
]
Group = Annotated[str | None, typer.Option("--asg", metavar="NAME", help="Of this Auto Scaling group.")]
MinHealthy = Annotated[
    int | None,
    typer.Option(
        "--min-healthy", metavar="PERCENT", help="Of an instance refresh: 90 unless the group says."
    ),
]
MaxHealthy = Annotated[
    int | None,
    typer.Option("--max-healthy", metavar="PERCENT", help="Of an instance refresh; needs --min-healthy."),
]
WhatIf = Annotated[
    list[str] | None,
    typer.Option(
        "--what-if",
        metavar="CHANGE",
        rich_help_panel=VARIED,
        help="Compare with a change, such as web:max=200 (min, max, desired) or web-ecs:max-size=12; repeatable.",
    ),
]
Policy = Annotated[
    list[str] | None,
    typer.Option(
        "--policy",
        metavar="SETTING=VALUE",
        rich_help_panel=VARIED,
        help="Compare with another setting, such as deadline=2h.",
    ),
]
StartUp = Annotated[
    list[str] | None,
    typer.Option(
        "--start-up",
        metavar="SERVICE=SECONDS",
        rich_help_panel=VARIED,
        help="How long a service's tasks take from placement until they are healthy, where it should not be measured; "
        "or a range, web=20s..90s.",
    ),
]
Draws = Annotated[
    int,
    typer.Option(
        "--draws",
        metavar="N",
        min=0,
        max=MOST_DRAWS,
        rich_help_panel=VARIED,
        help="Rehearse N times more, with start-ups drawn between the shortest and the longest.",
    ),
]
Once = Annotated[
    bool,
    typer.Option(
        "--once",
        rich_help_panel=VARIED,
        help="With the usual start-ups only, not with the shortest and longest as well.",
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        metavar="N",
        rich_help_panel=VARIED,
        help="Draw other start-ups, and other instances of a Spot storm.",
    ),
]
AsPage = Annotated[
    Path | None,
    typer.Option(
        "--html",
        metavar="FILE",
        dir_okay=False,
        help="Write it as one page for a browser as well: the fleet over time, with a slider.",
    ),
]
Timeline = Annotated[bool, typer.Option("--timeline", help="Every line of the timeline, tasks included.")]


@local_command
def rehearse(
    desk: Desk,
    *,
    snapshot: File,
    scale_in: ScaleIn = None,
    instances: Named = None,
    instance_refresh: Refresh = False,
    spot_storm: SpotStorm = None,
    at_once: AtOnce = None,
    asg: Group = None,
    min_healthy: MinHealthy = None,
    max_healthy: MaxHealthy = None,
    what_if: WhatIf = None,
    policy: Policy = None,
    start_up: StartUp = None,
    once: Once = False,
    draws: Draws = 0,
    seed: Seed = 1,
    timeline: Timeline = False,
    html: AsPage = None,
) -> ExitCode:
    """Say what a scale-in, a refresh or a Spot storm would do to a cluster, minute by minute, before it happens.

    The snapshot is loaded into an embedded AWS on this machine, and drained there by the state machine and functions
    that are deployed; no account is asked. Exit code 0: nothing is killed or stuck. 5: a drain is stuck until somebody
    acts. 6: tasks are killed.
    """
    refuse_if_incomplete("A rehearsal")
    _refuse_what_contradicts(once=once, draws=draws, page=html)
    from rehearsal.asking import Asked, answer  # noqa: PLC0415  # the embedded AWS, which the command alone lacks
    from rehearsal.scenarios import Kind, Scenario  # noqa: PLC0415  # as above

    given = {
        Kind.SCALE_IN: scale_in,
        Kind.INSTANCES: tuple(instances or ()) or None,
        Kind.INSTANCE_REFRESH: instance_refresh or None,
        Kind.SPOT_STORM: _percent(spot_storm),
        Kind.AT_ONCE: at_once,
    }
    kind, number, named = _the_one_thing(given)
    scenario = Scenario(kind, number, named, asg, min_healthy, max_healthy)
    known = _read(snapshot)
    variants = variants_of(known, what_if or [], policy or [])
    said = read_start_ups(start_up or [], [service["serviceName"] for service in known.services])
    asked = Asked(known, scenario, variants, seed, said, not once, draws)
    with counting(desk, scenario.words) as tell:
        told = answer(asked, lambda done, of, _: tell(done, of))
    return _report(desk, told, timeline, html)


def _the_one_thing(given: Mapping[Kind, int | tuple[str, ...] | None]) -> tuple[Kind, int, tuple[str, ...]]:
    """Return what is to happen, with its number or its instances; raises Halt unless it is one thing."""
    chosen = [(kind, value) for kind, value in given.items() if value is not None]
    if len(chosen) != 1:
        names = ", ".join(f"--{kind.value}" for kind in given)
        raise Halt(f"{len(chosen)} things are to happen: expected one of {names}", code=ExitCode.USAGE)
    ((kind, value),) = chosen
    return (kind, 0, value) if isinstance(value, tuple) else (kind, value, ())


def _refuse_what_contradicts(*, once: bool, draws: int, page: Path | None) -> None:
    if once and draws:
        raise Halt(f"{draws} draws once: expected --draws or --once, not both", code=ExitCode.USAGE)
    _refuse_no_folder(page)


def _refuse_no_folder(page: Path | None) -> None:
    """A rehearsal takes minutes: what is wrong with where it goes is said before."""
    if page and not page.parent.is_dir():
        raise Halt(f"{page} can't be written: there is no folder {page.parent}", code=ExitCode.USAGE)


def _report(desk: Desk, told: Answer, timeline: bool, page: Path | None) -> ExitCode:
    if page:
        desk.warn(write_page(told, page))
    text = view(told) + (f"\n\n{timeline_text(told.variants[0])}" if timeline else "")
    desk.report(text, told.to_state())
    return ExitCode(told.exit_code)


def _read(path: Path) -> Snapshot:
    try:
        return read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "expected text in UTF-8"
        raise InvalidInput(f"{path} can't be read: {why}; take one with `ecs-drainer snapshot`") from error


def _percent(text: str | None) -> int | None:
    if text is None:
        return None
    digits = text.removesuffix("%")
    if not digits.isdigit() or not 0 < int(digits) <= 100:
        raise Halt(f"`--spot-storm` is {shown(text)}: expected such as 20%, 1% to 100%", code=ExitCode.USAGE)
    return int(digits)
