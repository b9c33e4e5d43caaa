"""A story of stateful services in TOML: which samples run, what happens to which instance, and what must hold.

story = "Two members of a group are asked to drain in the same second: one goes, one waits."
samples = ["store"]

[tags]
gates = "on"          # tags of the Auto Scaling group, without their prefix

[[happens]]
at = 0
do = "terminate"
instance = 1
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stories.story import Happening, WrongStory
from stories.world import Service

QUEUE = "arn:aws:sqs:eu-west-1:123456789012:jobs"
DISTINCT: tuple[Mapping[str, str], ...] = ({"type": "distinctInstance"},)
PREFIX = "ecs-drainer:"

SERVICES = {
    "store": Service(
        name="store",
        desired=3,
        minimum_percent=66,
        maximum_percent=100,
        has_target_group=False,
        constraints=DISTINCT,
        tags={f"{PREFIX}quorum-group": "store", f"{PREFIX}max-unavailable": "1"},
    ),
    "consumer": Service(
        name="consumer",
        desired=3,
        minimum_percent=66,
        maximum_percent=100,
        has_target_group=False,
        constraints=DISTINCT,
        tags={f"{PREFIX}drain-queue": QUEUE},
    ),
    "dedupe": Service(
        name="dedupe", desired=3, has_target_group=False, tags={f"{PREFIX}sign-off": "required 5m"}
    ),
    "scheduler": Service(
        name="scheduler",
        desired=1,
        has_target_group=False,
        tags={f"{PREFIX}replacement": "standby"},
    ),
}
"""What each sample's service declares, unless the story says otherwise."""


@dataclass(frozen=True)
class StatefulStory:
    """One story."""

    title: str
    samples: tuple[str, ...]
    happens: tuple[Happening, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    service_tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By sample, without their prefix; they replace the sample's own."""
    dedupe: Mapping[str, Any] = field(default_factory=dict)
    """How the de-duplication store behaves."""
    instances: int = 3
    lasts: float = 7200
    outcomes: tuple[str, ...] = ("drained",)
    says: tuple[str, ...] = ()
    """What the notices must say."""
    fewest_in_sync: int = 2
    lost: int = 0
    """Tasks of the de-duplication store that were stopped before they had flushed."""
    tasks_killed: int = 0

    @property
    def services(self) -> tuple[Service, ...]:
        """The services to create."""
        return tuple(self._service(name) for name in self.samples)

    def _service(self, name: str) -> Service:
        service = SERVICES[name]
        if name not in self.service_tags:
            return service
        tags = {f"{PREFIX}{key}": value for key, value in self.service_tags[name].items()}
        return Service(**{**{f: getattr(service, f) for f in Service.__dataclass_fields__}, "tags": tags})


def read_stateful_story(path: Path) -> StatefulStory:
    """Read a story's file; raises WrongStory."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    unknown = told.keys() - {"story", *StatefulStory.__dataclass_fields__} | told.keys() & {"title"}
    if unknown:
        raise WrongStory(f"{path.name}: `{sorted(unknown)[0]}` is unknown")
    wrong = [name for name in told["samples"] if name not in SERVICES]
    if wrong:
        raise WrongStory(
            f"{path.name}: there is no sample `{wrong[0]}`: expected {', '.join(sorted(SERVICES))}"
        )
    happens = tuple(
        Happening(item["at"], item["do"], {k: v for k, v in item.items() if k not in ("at", "do")})
        for item in told["happens"]
    )
    given: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in told.items() if k not in ("story", "happens")
    }
    return StatefulStory(title=told["story"], happens=happens, **given)
