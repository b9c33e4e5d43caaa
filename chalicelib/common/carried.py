"""What crosses the state machine, by one rule: a dataclass is a JSON object, and each of its fields a key. Pure.

An instant is RFC 3339 in whole seconds, a duration whole seconds under `<field>_seconds`, an enum its value, a set a
sorted list, a tuple a list. A key that is not there, as a drain of the release before leaves it out, is the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

from chalicelib.common.errors import InvalidInput
from chalicelib.common.model import instant, stamp
from chalicelib.common.wording import shown


class Carried:
    """A dataclass that the state machine carries from one function to the next."""

    __slots__ = ()

    def to_state(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return state_of(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Read what `to_state` wrote; raises InvalidInput, which names the field that lacks or is wrong."""
        return cls(**values_of(cls, state))


def state_of(carried: Any) -> dict[str, Any]:
    """Return the JSON object of a dataclass by the rule alone, for those that add to it."""
    types = _types(carried.__class__)
    return {
        _key(each.name, types[each.name]): _written(getattr(carried, each.name)) for each in fields(carried)
    }


def values_of(kind: type, state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a dataclass from its JSON object; raises InvalidInput."""
    return {each.name: _read_field(kind, each, state) for each in fields(kind)}


def _read_field(kind: type, each: Field[Any], state: Mapping[str, Any]) -> Any:
    expected = _types(kind)[each.name]
    key = _key(each.name, expected)
    if key not in state:
        if each.default is not MISSING:
            return each.default
        if each.default_factory is not MISSING:
            return each.default_factory()
        raise InvalidInput(f"{kind.__name__} in the machine's state lacks `{key}`")
    try:
        return _read(expected, state[key])
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise InvalidInput(
            f"`{key}` of {kind.__name__} in the machine's state is {shown(state[key])}: {error}"
        ) from None


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _key(name: str, of: Any) -> str:
    return f"{name}_seconds" if timedelta in (of, *get_args(of)) else name


def _written(value: Any) -> Any:
    if isinstance(value, Carried):
        return value.to_state()
    for kinds, write in WRITERS.items():
        if isinstance(value, kinds):
            return write(value)
    return value


WRITERS: dict[Any, Any] = {
    datetime: stamp,
    timedelta: lambda duration: int(duration.total_seconds()),
    Enum: lambda choice: choice.value,
    frozenset: lambda members: sorted(_written(each) for each in members),
    (tuple, list): lambda items: [_written(each) for each in items],
    Mapping: lambda items: {key: _written(each) for key, each in items.items()},
}
"""How a value is written, by its type."""


def _read(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (kind,) = (each for each in inner if each is not NoneType)
        return None if value is None else _read(kind, value)
    if origin in (tuple, frozenset):
        return origin(_read(inner[0], each) for each in value)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _read(inner[1], each) for key, each in value.items()}
    return _read_one(kind, value)


def _read_one(kind: Any, value: Any) -> Any:
    if kind is datetime:
        return instant(value)
    if kind is timedelta:
        return timedelta(seconds=value)
    if isinstance(kind, type) and issubclass(kind, Carried):
        return kind.from_state(value)
    return kind(value) if isinstance(kind, type) and issubclass(kind, Enum) else value
