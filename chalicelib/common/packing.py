"""Many task ARNs in little room: a state of the machine may have 256 KiB, and each ARN takes a hundred bytes. Pure.

Up to PACKED_ABOVE are written out, so that the history of an ordinary drain can be read as it is. More are written by
what they have in common, 33 bytes each: `{"arn:aws:ecs:...:task/web/": "0a1b... 2c3d..."}`. Whoever reads takes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeGuard

PACKED_ABOVE = 100

Packed = Mapping[str, Any]


def pack(arns: Iterable[str]) -> list[str] | dict[str, str]:
    """Return ARNs as JSON; their order is kept within each cluster."""
    every = list(arns)
    return every if len(every) <= PACKED_ABOVE else {head: " ".join(ids) for head, ids in _by_head(every)}


def unpack(value: Iterable[str] | Packed) -> tuple[str, ...]:
    """Return the ARNs that `pack` wrote, or that were written out."""
    if not isinstance(value, Mapping):
        return tuple(map(str, value))
    return tuple(f"{head}{each}" for head, ids in value.items() for each in str(ids).split())


def pack_tasks(tasks: Mapping[str, str], groups: Mapping[str, str]) -> dict[str, Any]:
    """Return the last status of tasks by ARN as JSON; packed it says their groups as well."""
    if len(tasks) <= PACKED_ABOVE:
        return dict(tasks)
    found: dict[str, dict[str, dict[str, str]]] = {}
    for status, group in sorted({(status, groups.get(arn, "")) for arn, status in tasks.items()}):
        alike = [arn for arn, word in tasks.items() if (word, groups.get(arn, "")) == (status, group)]
        for head, ids in _by_head(alike):
            found.setdefault(head, {}).setdefault(status, {})[group] = " ".join(ids)
    return found


def unpack_tasks(value: Packed) -> dict[str, str]:
    """Return the last status of tasks by ARN, from what `pack_tasks` wrote."""
    return {arn: status for arn, status, _ in _tasks(value)} if is_packed(value) else dict(value)


def unpack_groups(value: Packed) -> dict[str, str]:
    """Return the groups of tasks by ARN, from what `pack_tasks` wrote of more than PACKED_ABOVE."""
    return {arn: group for arn, _, group in _tasks(value)}


def is_packed(value: object) -> TypeGuard[Packed]:
    """Whether tasks are written by what they have in common: then no status stands beside an ARN."""
    return isinstance(value, Mapping) and any(isinstance(each, Mapping) for each in value.values())


def _tasks(value: Packed) -> Iterator[tuple[str, str, str]]:
    for head, by_status in value.items():
        for status, by_group in by_status.items():
            for group, ids in by_group.items():
                yield from ((f"{head}{each}", status, group) for each in ids.split())


def _by_head(arns: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield all up to the last slash, and what comes after it in each."""
    found: dict[str, list[str]] = {}
    for arn in arns:
        head, slash, identifier = arn.rpartition("/")
        found.setdefault(f"{head}{slash}", []).append(identifier)
    yield from found.items()
