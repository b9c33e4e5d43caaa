"""What may be done from the console, each by the code of the command line: asked first, checked twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.common.duration import parse_duration
from chalicelib.common.wording import one_line
from cli.desk import Desk, Output
from cli.drains import find_drain, find_open
from cli.edge import Edge
from cli.exit_codes import ExitCode
from cli.extending import extend, read_extension
from cli.following import read_names
from cli.giving_back import give_back, read_open_case, refuse_doomed, warn_of_fleet
from cli.installation import Installation
from cli.problems import Halt
from cli.stopping import read_stoppable, stop_now

Fields = Mapping[str, Sequence[str]]
"""A form's fields as they came, each with its values."""

LONGEST_REASON = 300
NO_REASON = "no reason was given"


@dataclass
class HeardDesk(Desk):
    """A desk whose sentences are kept, to be shown in a page."""

    heard: list[str] = field(default_factory=list)

    def say(self, text: str = "") -> None:
        """Keep a line of the result."""
        self.heard.append(text)

    def warn(self, text: str) -> None:
        """Keep a line beside the result."""
        self.heard.append(text)


def desk_like(desk: Desk) -> HeardDesk:
    """Return a desk at the same installation that keeps what is said."""
    edge: Edge = desk.edge
    made = HeardDesk(edge, Output.TEXT, desk.stage)
    installation: Installation = desk.installation
    made.__dict__["installation"] = installation  # located already
    return made


def cancel_asked(desk: Desk, instance_id: str) -> dict[str, Any]:
    """Return what the dialog says before a drain is cancelled."""
    case = read_open_case(desk, instance_id)
    return {"doom": case.doom.sentence(desk.now()) if case.doom else None}


def cancel(desk: Desk, instance_id: str, given: Fields) -> None:
    """Cancel a drain as `ecs-drainer cancel` does; raises Halt where Auto Scaling takes the instance, unless forced."""
    case = read_open_case(desk, instance_id)
    refuse_doomed(desk, [case], force=_is_ticked(given, "force"))
    give_back(desk, case, _reason(given))
    warn_of_fleet(desk, case)


def extend_asked(desk: Desk, instance_id: str) -> dict[str, Any]:
    """Return what the dialog says before a deadline is extended."""
    extension = read_extension(desk, instance_id)
    return {"deadline_at": extension.deadline_at, "latest_at": extension.latest_at}


def extend_deadline(desk: Desk, instance_id: str, given: Fields) -> None:
    """Extend a drain's deadline; raises Halt where that can't be done, or the duration can't be read."""
    written = _one(given, "by")
    try:
        longer = parse_duration(written)
    except ValueError as refusal:
        raise Halt(f"The extension: {refusal}", code=ExitCode.USAGE) from None
    extend(desk, read_extension(desk, instance_id), longer, _reason(given))


def stop_asked(desk: Desk, instance_id: str) -> dict[str, Any]:
    """Return what the dialog says before tasks are stopped; asks ECS what they are called."""
    stoppable = read_stoppable(desk, instance_id)
    return {"tasks": sorted(stoppable.tasks.items()), "names": read_names(desk, stoppable.tasks)}


def stop(desk: Desk, instance_id: str, given: Fields) -> None:
    """Stop the tasks that were ticked; raises Halt where one isn't the drain's."""
    stop_now(desk, read_stoppable(desk, instance_id), given.get("task", ()))


ACTS = {
    "cancel": (cancel_asked, cancel),
    "extend": (extend_asked, extend_deadline),
    "stop": (stop_asked, stop),
}
"""By the last part of the address: what is asked first, and what is done then."""


def ask(desk: Desk, act: str, name: str) -> dict[str, Any]:
    """Return what the dialog says before an act on the drain of this name; raises Halt where it can't be done."""
    return ACTS[act][0](desk, _still_open(desk, name))


def perform(desk: Desk, act: str, name: str, given: Fields) -> tuple[str, ...]:
    """Do it, and return what was said; raises Halt where it can't be done, and then nothing was."""
    heard = desk_like(desk)
    ACTS[act][1](heard, _still_open(desk, name), given)
    return tuple(heard.heard)


def _still_open(desk: Desk, name: str) -> str:
    """Return the instance of an open drain; raises Halt where another is open: what is confirmed was said of one."""
    found = find_drain(desk, name)
    latest = find_open(desk, found.instance_id)
    if latest is None or latest.execution != found.execution:
        sentence = f"{latest.execution.rsplit(':', 1)[-1]} is" if latest else "none is"
        raise Halt(f"Nothing was done: {name} is not open any more, {sentence}", code=ExitCode.REFUSED)
    return found.instance_id


def _one(given: Fields, name: str) -> str:
    values = given.get(name, ())
    return values[0].strip() if len(values) == 1 else ""


def _is_ticked(given: Fields, name: str) -> bool:
    return _one(given, name) == "yes"


def _reason(given: Fields) -> str:
    return one_line(_one(given, "reason"))[:LONGEST_REASON] or NO_REASON
