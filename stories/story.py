"""A story in TOML: a sample world, what happens to it and when; read into frozen values, refused in sentences.

story = "A standalone task of 400 s holds the instance until it ends."

[[service]]
name = "web"
desired = 9

[[task]]
name = "batch"
labels = { exits-after = "400" }

[[happens]]
at = 0
do = "terminate"
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from embedded_aws.eventbridge import EcsDelivery
from stories.staging import Staging
from stories.world import Hook, Service

TABLES = {
    "story",
    "events",
    "service",
    "task",
    "hook",
    "tags",
    "environment",
    "instances",
    "happens",
    "lasts",
    "expect",
    "world",
    "at_least",
}
"""What a story may have at its top."""


class WrongStory(ValueError):  # noqa: N818  # reads as the sentence that it carries
    """A story that can't be told; the sentence names file, field and what was expected."""


@dataclass(frozen=True)
class Happening:
    """One thing that happens to the doomed instance or around it, `at` seconds after the story begins."""

    at: float
    do: str
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Expected:
    """What must be true at the end, whatever the timeline looks like."""

    outcomes: tuple[str, ...] = ("drained",)
    """Of the executions, in the order in which they started."""
    continues: int = 1
    """How often CompleteLifecycleAction was answered without an error."""
    tasks_killed: int = 0
    """Tasks that were not STOPPED when the instance went."""
    delay: float | None = 15
    """The longest time, in seconds, from the last STOPPED task to CONTINUE; None where none is measured."""
    last_stopped: float | None = None
    """When the last task must be STOPPED, in seconds after DRAINING: the world's arithmetic, not ours."""
    says: tuple[str, ...] = ()
    """What the notices must say, among them all."""
    never_says: tuple[str, ...] = ()
    container_instances: tuple[str, ...] | None = None
    """The statuses of the container instances that the EC2 instance is in the end, in alphabetical order."""
    records: tuple[str, ...] | None = None
    """The statuses of the drains' records in the ledger in the end, oldest first; None: what the executions say."""
    transitions: int | None = None
    """How many state transitions the executions may take together at most."""
    stopped: int | None = None
    """How many StopTask calls were answered without an error."""


@dataclass(frozen=True)
class Story:
    """One story."""

    title: str
    world: Staging = field(default_factory=Staging)
    """What the world has beyond the usual."""
    events: EcsDelivery = field(default_factory=EcsDelivery)
    """How the events of ECS are delivered."""
    services: tuple[Service, ...] = (Service(desired=9),)
    tasks: tuple[Service, ...] = ()
    """Standalone tasks, started on the doomed instance."""
    hook: Hook | None = field(default_factory=Hook)
    tags: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    instances: int = 3
    happens: tuple[Happening, ...] = (Happening(0, "terminate"),)
    lasts: float = 3600
    """Seconds after which the story is over, if its executions have not ended before."""
    at_least: float = 0
    """Seconds that the story lasts even if they have."""
    expected: Expected = Expected()


def read_story(path: Path) -> Story:
    """Read a story's file; raises WrongStory."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return _story(told)
    except ValueError as error:  # no TOML, a WrongStory, or a value that can't be
        raise WrongStory(f"{path.name}: {error}") from error


def _story(told: dict[str, Any]) -> Story:
    _refuse_unknown("story", told, TABLES)
    if not isinstance(told.get("story"), str):
        raise WrongStory("`story` is missing: expected a sentence that says what happens")
    given: dict[str, Any] = {
        name: told[name] for name in ("tags", "environment", "instances", "lasts", "at_least") if name in told
    }
    if "world" in told:
        given["world"] = _made(Staging, "world", told["world"])
    if "events" in told:
        given["events"] = _made(EcsDelivery, "events", told["events"])
    if "service" in told:
        given["services"] = tuple(
            _made(Service, f"service[{n}]", item) for n, item in enumerate(told["service"])
        )
    if "task" in told:
        given["tasks"] = tuple(_task(n, item) for n, item in enumerate(told["task"]))
    if "hook" in told:
        given["hook"] = _made(Hook, "hook", told["hook"]) if told["hook"] else None
    if "happens" in told:
        given["happens"] = tuple(_happening(n, item) for n, item in enumerate(told["happens"]))
    return Story(title=told["story"], expected=_made(Expected, "expect", told.get("expect", {})), **given)


def _task(number: int, item: dict[str, Any]) -> Service:
    task: Service = _made(Service, f"task[{number}]", {"has_target_group": False, **item})
    return task


def _happening(number: int, item: dict[str, Any]) -> Happening:
    if not isinstance(item.get("at"), int | float) or not isinstance(item.get("do"), str):
        raise WrongStory(f"`happens[{number}]` is {item}: expected `at` in seconds and `do`")
    return Happening(item["at"], item["do"], {key: item[key] for key in item.keys() - {"at", "do"}})


def _made(kind: Any, where: str, item: dict[str, Any]) -> Any:
    _refuse_unknown(where, item, {each.name for each in fields(kind)})
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in item.items()})


def _refuse_unknown(where: str, item: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(item.keys() - known):
        raise WrongStory(f"`{unknown[0]}` of {where} is unknown: expected one of {', '.join(sorted(known))}")
