"""The options of the `fleet` commands, each said once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

import typer

from chalicelib.fleet.request import MOST_AT_ONCE, MOST_INSTANCES
from cli.fleets.outlook import ALLOW_HOPS
from cli.options import INSTANCE_HELP, Cluster, Gathered
from cli.refusals import FORCE

WHICH = "Which instances"
Listed = Annotated[
    list[str] | None, typer.Argument(metavar="INSTANCE", help=f"{INSTANCE_HELP} Only these, if any is named.")
]
TURN = "`not:` before a value turns it round."
Groups = Annotated[
    list[str] | None,
    typer.Option("--asg", metavar="NAME", rich_help_panel=WHICH, help="Of this Auto Scaling group."),
]
Zones = Annotated[
    list[str] | None,
    typer.Option("--zone", metavar="ZONE", rich_help_panel=WHICH, help=f"In this zone. {TURN}"),
]
Images = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="AMI", rich_help_panel=WHICH, help=f"From this AMI. {TURN}"),
]
Templates = Annotated[
    list[str] | None,
    typer.Option(
        "--template",
        metavar="NAME[:VERSION]",
        rich_help_panel=WHICH,
        help=f"From this launch template, or version of it. {TURN}",
    ),
]
OlderThan = Annotated[
    str | None,
    typer.Option(
        "--older-than", metavar="DURATION", rich_help_panel=WHICH, help="Launched longer ago than this."
    ),
]
AtOnce = Annotated[
    int, typer.Option("--max-concurrent", min=1, max=MOST_AT_ONCE, help="How many drains are open at once.")
]
StopAfter = Annotated[
    int,
    typer.Option(
        "--stop-after",
        metavar="N",
        min=1,
        max=MOST_INSTANCES,
        help="Begin no more once N drains ended badly.",
    ),
]
Hops = Annotated[
    bool,
    typer.Option(
        ALLOW_HOPS, help="Set DRAINING one by one: tasks may move from one chosen instance to the next."
    ),
]
Force = Annotated[bool, typer.Option(FORCE, help="Drain although objections name this flag.")]
Detach = Annotated[bool, typer.Option("--detach", help="Start the fleet and return at once.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Gathered):
    """The options that choose instances, as they were given: kinds narrow each other down."""

    instances: Listed = None
    groups: Groups = None
    cluster: Cluster = None
    zones: Zones = None
    images: Images = None
    templates: Templates = None
    older_than: OlderThan = None

    @classmethod
    def options(cls) -> dict[str, Any]:
        """Return an option for each field."""
        return get_type_hints(cls, include_extras=True)
