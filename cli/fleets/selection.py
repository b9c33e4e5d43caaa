"""Which instances a fleet is: by group, zone, AMI, launch template version, age or list. Pure.

Values of one kind are alternatives, kinds narrow each other down. `not:` before a value turns it round: `--image
not:ami-0abc` chooses whatever doesn't run that AMI, which is how a rollout begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from operator import attrgetter

from chalicelib.common.model import stamp
from chalicelib.explain.words import some, spell

NOT = "not:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One container instance, as ECS, EC2 and Auto Scaling describe it together."""

    instance_id: str
    arn: str
    """Of the container instance."""
    cluster: str
    status: str = "ACTIVE"
    is_connected: bool = True
    zone: str = ""
    image: str = ""
    group: str = ""
    """Its Auto Scaling group; empty where it has none."""
    template: str = ""
    """The launch template's name, `:` and version: `web-ecs:7`; empty where its group has none."""
    template_id: str = ""
    launched_at: datetime | None = None
    tasks: int = 0
    """RUNNING and PENDING, as the container instance counts them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the operator asked for; empty kinds ask for nothing."""

    instances: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    """`web-ecs:7`, or `web-ecs` for any version."""
    older_than: timedelta | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was asked for: never taken for everything."""
        return not any(getattr(self, kind.name) for kind in fields(self))


def select(found: Iterable[Described], wanted: Selection, at: datetime) -> tuple[Described, ...]:
    """Return the instances that are wanted, oldest first; those of unknown age last."""
    tests = _tests(wanted, at)
    chosen = (one for one in found if all(test.fits(one) for test in tests))
    return tuple(sorted(chosen, key=lambda one: (one.launched_at or at, one.instance_id)))


def nothing_fits(found: Sequence[Described], wanted: Selection, at: datetime) -> str:
    """Say of a choice that chose nothing which option no instance fits by itself, and what there is of its kind."""
    tests = _tests(wanted, at)
    for each in tests:
        if not any(map(each.fits, found)):
            there = some(sorted({each.of(one) for one in found} - {""}), 10)
            return f"No container instance fits {each.option}: there is {there or 'none'}"
    return f"No container instance fits all of {some([each.option for each in tests], 10)}"


@dataclass(frozen=True, slots=True)
class _Test:
    option: str
    """As it was given."""
    fits: Callable[[Described], bool]
    of: Callable[[Described], str]
    """What an instance has of this kind."""


def _tests(wanted: Selection, at: datetime) -> list[_Test]:
    """Return one test a kind that was asked for."""
    kinds: list[tuple[str, Sequence[str], str, Callable[[Described], set[str]]]] = [
        ("", wanted.instances, "instance_id", lambda one: {one.instance_id}),
        ("--asg ", wanted.groups, "group", lambda one: {one.group}),
        ("--zone ", wanted.zones, "zone", lambda one: {one.zone}),
        ("--image ", wanted.images, "image", lambda one: {one.image}),
        ("--template ", wanted.templates, "template", _names_of_template),
    ]
    tests = [
        _Test(" ".join(f"{flag}{value}" for value in values), _test(values, names), attrgetter(kind))
        for flag, values, kind, names in kinds
        if values
    ]
    if (age := wanted.older_than) is not None:
        tests.append(
            _Test(
                f"--older-than {spell(age)}",
                lambda one: one.launched_at is not None and at - one.launched_at > age,
                lambda one: f"one launched at {stamp(one.launched_at)}" if one.launched_at else "",
            )
        )
    return tests


def _test(values: Sequence[str], names: Callable[[Described], set[str]]) -> Callable[[Described], bool]:
    unwanted = {value.removeprefix(NOT) for value in values if value.startswith(NOT)}
    asked = {value for value in values if not value.startswith(NOT)}
    return lambda one: (not asked or bool(names(one) & asked)) and not names(one) & unwanted


def _names_of_template(one: Described) -> set[str]:
    name, _, version = one.template.rpartition(":")
    return {one.template, name, one.template_id, f"{one.template_id}:{version}"}
