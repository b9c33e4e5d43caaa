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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from embedded_aws.eventbridge import EcsDelivery
from stories.samples import PREFIX, SERVICES
from stories.world import GROUP, Hook, Service


class WrongStory(ValueError):  # noqa: N818  # reads as the sentence that it carries
    """A story that can't be told; the sentence names file, field and what was expected."""


@dataclass(frozen=True)
class Provider:
    """A capacity provider of the cluster."""

    name: str
    group: str = GROUP
    """Its Auto Scaling group: the story's own, or one that is made for it."""
    instances: int = 1
    """Of a group that is made for it."""
    zone: str = ""
    """Where that is bound to one Availability Zone, its name."""
    maximum: int = 0
    """MaxSize of the group; 0 leaves it."""
    target_capacity: int = 0
    """Percent; 0 leaves managed scaling off."""


@dataclass(frozen=True)
class Staging:
    """What is set up before a story begins."""

    warm_pool: bool = False
    """Whether instances that scale in go back to a warm pool, where they are stopped."""
    pooled: int = 0
    """How many instances wait in the warm pool when the story begins."""
    retains_abandoned: bool = False
    """Whether the group keeps an instance whose lifecycle action was abandoned."""
    managed_draining: bool = False
    """Whether a capacity provider drains the group's instances itself."""
    managed_draining_begins: float = 1
    """Seconds until it does anything."""
    sibling_hook: bool = False
    """Whether another team's terminate hook holds the group's instances as well."""
    providers: tuple[Mapping[str, Any], ...] = ()
    """Capacity providers of the cluster, each by the fields of `Provider`."""
    clusters: tuple[str, ...] = ()
    """Further clusters, all empty."""


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
    fewest_in_sync: int = 2
    """Of the store's members, at any time; only where the store runs."""
    lost: int = 0
    """Tasks of the de-duplication store that were stopped before they had flushed."""


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
    samples: tuple[str, ...] = ()
    """Stateful services that are played; the timeline is then that of the whole group, and the samples' own."""
    dedupe: Mapping[str, Any] = field(default_factory=dict)
    """How the de-duplication store behaves."""
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


SINGULAR = {"service": "services", "task": "tasks", "expect": "expected", "story": "title"}
"""What a story's file calls otherwise than `Story` does."""
MADE: dict[str, Any] = {"world": Staging, "events": EcsDelivery, "expect": Expected}


def _story(told: dict[str, Any]) -> Story:
    plain = {each.name for each in fields(Story)} - set(SINGULAR.values())
    _refuse_unknown("story", told, plain | set(SINGULAR) | {"service_tags"})
    if not isinstance(told.get("story"), str):
        raise WrongStory("`story` is missing: expected a sentence that says what happens")
    given: dict[str, Any] = {name: _value(name, told[name]) for name in told if name != "service_tags"}
    if "samples" in told:
        given["service"] = services_of(told["samples"], told.get("service_tags", {}))
    return Story(**{SINGULAR.get(name, name): value for name, value in given.items()})


def services_of(samples: Iterable[str], tags: Mapping[str, Mapping[str, str]]) -> tuple[Service, ...]:
    """Return the services of samples; `tags` of a sample, without their prefix, replace its own. Raises WrongStory."""
    if wrong := sorted(set(samples) - SERVICES.keys()):
        raise WrongStory(f"there is no sample `{wrong[0]}`: expected {', '.join(sorted(SERVICES))}")
    own = {name: {f"{PREFIX}{key}": value for key, value in given.items()} for name, given in tags.items()}
    return tuple(replace(SERVICES[name], tags=own.get(name, SERVICES[name].tags)) for name in samples)


def _value(name: str, given: Any) -> Any:
    if name in MADE:
        return _made(MADE[name], name, given)
    if name == "service":
        return tuple(_made(Service, f"service[{n}]", item) for n, item in enumerate(given))
    if name == "task":
        return tuple(_task(n, item) for n, item in enumerate(given))
    if name == "hook":
        return _made(Hook, "hook", given) if given else None
    if name == "happens":
        return tuple(_happening(n, item) for n, item in enumerate(given))
    return tuple(given) if isinstance(given, list) else given


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
