"""Which instances a fleet is, as a table: kinds narrow each other down, values of a kind are alternatives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.fleets.selection import Described, Selection, select

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def one(number: int, *, days: int | None = 1, **told: Any) -> Described:
    launched_at = None if days is None else NOW - timedelta(days=days)
    given: dict[str, Any] = {
        "zone": "eu-west-1a",
        "image": "ami-old",
        "group": "web",
        "template": "web:6",
        "template_id": "lt-1",
    }
    return Described(
        instance_id=f"i-{number}",
        arn=f"arn:{number}",
        cluster="web",
        launched_at=launched_at,
        **(given | told),
    )


FOUND = (
    one(1, days=40),
    one(2, days=30, zone="eu-west-1b"),
    one(3, days=20, image="ami-new", template="web:7"),
    one(4, days=10, image="ami-new", template="web:7", zone="eu-west-1b"),
    one(5, days=None, group="", template="", template_id=""),
    one(6, days=5, group="batch", template="batch:7", template_id="lt-2"),
)

TABLE = [
    ("a group", {"groups": ("web",)}, "1 2 3 4"),
    ("two groups", {"groups": ("web", "batch")}, "1 2 3 4 6"),
    ("a zone", {"zones": ("eu-west-1b",)}, "2 4"),
    ("a group's instances in a zone", {"groups": ("web",), "zones": ("eu-west-1a",)}, "1 3"),
    ("an AMI", {"images": ("ami-new",)}, "3 4"),
    ("whatever doesn't run an AMI", {"images": ("not:ami-new",)}, "1 2 6 5"),
    ("a launch template, any version", {"templates": ("web",)}, "1 2 3 4"),
    ("one version of it", {"templates": ("web:7",)}, "3 4"),
    ("the same by its id", {"templates": ("lt-1:7",)}, "3 4"),
    ("a template, but for one version", {"templates": ("web", "not:web:7")}, "1 2"),
    ("a template by id, any version", {"templates": ("lt-2",)}, "6"),
    ("older than three weeks", {"older_than": timedelta(days=21)}, "1 2"),
    ("age unknown is not old", {"older_than": timedelta(0)}, "1 2 3 4 6"),
    ("a list", {"instances": ("i-4", "i-1")}, "1 4"),
    ("a list, narrowed down", {"instances": ("i-4", "i-1"), "zones": ("eu-west-1b",)}, "4"),
    ("nothing that fits", {"groups": ("nobody",)}, ""),
    ("everything: of a cluster, say", {}, "1 2 3 4 6 5"),
]


@pytest.mark.parametrize(("story", "asked", "chosen"), TABLE, ids=[row[0] for row in TABLE])
def test_the_oldest_come_first(story: str, asked: dict[str, Any], chosen: str) -> None:
    wanted = Selection(**asked)
    assert [each.instance_id.removeprefix("i-") for each in select(FOUND, wanted, NOW)] == chosen.split(), (
        story
    )


def test_asking_for_nothing_is_known_as_such() -> None:
    assert Selection().is_empty
    assert not Selection(older_than=timedelta(days=1)).is_empty
    assert not Selection(groups=("web",)).is_empty
