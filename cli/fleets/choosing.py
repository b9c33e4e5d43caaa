"""Turns the options into the fleet that they mean, and refuses what speaks against draining it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from chalicelib.common.duration import parse_duration
from chalicelib.common.model import Task
from chalicelib.fleet.request import MOST_INSTANCES
from chalicelib.gateways.fleet import read_own_turn, read_policies, read_surroundings
from chalicelib.policy import Resolved, manual_source
from chalicelib.policy.settings import Settings
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.fleets.options import Asked
from cli.fleets.outlook import Outlook, against, look_ahead
from cli.fleets.reading import open_drains_of, read_described, read_standalone
from cli.fleets.selection import NOT, Described, Selection, nothing_fits, select
from cli.inventory import clusters, find_instances
from cli.problems import Halt
from cli.refusals import is_unsaid
from cli.requests import Wishes


def choose(desk: Desk, asked: Asked, settings: Settings, wishes: Wishes) -> Outlook:
    """Return the outlook of the instances that were asked for; raises Halt where that is none, or too many."""
    wanted = _selection(desk, asked, settings)
    if wanted.is_empty and asked.cluster is None:
        remedy = "give --asg, --cluster, --zone, --image, --template, --older-than or instances"
        raise Halt("Which instances? A fleet is never the whole account", remedy, ExitCode.USAGE)
    where = clusters(desk, asked.cluster, settings)
    there = desk.ask(read_described, where)
    chosen = select(there, wanted, desk.now())
    if not chosen:
        remedy = "widen it; `ecs-drainer fleet plan --cluster NAME` shows what there is"
        raise Halt(nothing_fits(there, wanted, desk.now()), remedy, ExitCode.NOT_FOUND)
    _check_size(chosen)
    ids = {one.instance_id for one in chosen}
    found = desk.ask(read_surroundings, ids, sorted({one.cluster for one in chosen}))
    asked_for = manual_source(wishes.request(chosen[0].instance_id).settings)
    resolved = desk.ask(read_policies, ids, settings.policy, asked_for)
    own_turn = desk.ask(read_own_turn, found, resolved)
    machine = settings.state_machine_arn or desk.installation.state_machine
    open_now = desk.ask(open_drains_of, machine, [one.instance_id for one in chosen])
    return look_ahead(chosen, found, _unsaid(desk, chosen, resolved), own_turn, open_now)


def _unsaid(
    desk: Desk, chosen: Sequence[Described], resolved: Mapping[str, Resolved]
) -> dict[str, list[Task]]:
    """Return by instance the standalone tasks of which neither the stage, nor tags, nor the request speak."""
    found: dict[str, list[Task]] = {}
    for one, tasks in desk.ask(read_standalone, chosen):
        if is_unsaid(resolved[one.instance_id].sources):
            found.setdefault(one.instance_id, []).extend(tasks)
    return found


def _selection(desk: Desk, asked: Asked, settings: Settings) -> Selection:
    for option, values in (
        ("--asg", asked.groups),
        ("--zone", asked.zones),
        ("--image", asked.images),
        ("--template", asked.templates),
    ):
        if "" in {value.removeprefix(NOT) for value in values or ()}:
            raise Halt(f"{option} is '': expected a name", code=ExitCode.USAGE)
    named = find_instances(desk, asked.instances, asked.cluster, settings) if asked.instances else ()
    return Selection(
        instances=named,
        groups=tuple(asked.groups or ()),
        zones=tuple(asked.zones or ()),
        images=tuple(asked.images or ()),
        templates=tuple(asked.templates or ()),
        older_than=_age(asked.older_than),
    )


def _age(text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as refusal:
        raise Halt(f"--older-than: {refusal}", code=ExitCode.USAGE) from None


def _check_size(chosen: Sequence[Described]) -> None:
    if len(chosen) > MOST_INSTANCES:
        sentence = f"{len(chosen)} instances fit that choice; a fleet has {MOST_INSTANCES} at most"
        raise Halt(sentence, "narrow it down, by zone say", ExitCode.REFUSED)


def refuse(desk: Desk, found: Outlook, overridden: Mapping[str, bool]) -> None:
    """Warn of what is overridden, by flag; raises Halt with all that isn't."""
    for each in against(found):
        if overridden.get(each.flag):
            desk.warn(f"Warning: {each.sentence}")
    standing = [each for each in against(found) if not overridden.get(each.flag)]
    if standing and desk.is_json:
        desk.report("", {"refused": [each.record for each in standing]})
    if standing:
        raise Halt("\n  ".join(["Nothing was drained, because", *map(str, standing)]), code=ExitCode.REFUSED)
