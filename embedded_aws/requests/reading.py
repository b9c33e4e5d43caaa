"""How botocore reads answers in JSON: worked out once for each shape, and for each set of keys that an answer has.

botocore asks for the handler of each value of each element, and looks for each member that there might be. Which
members there are follows from the keys, so here each shape has a function that reads its values. Unions and documents
go botocore's way. The same instants come again with every look at the same tasks; each is read once in a time zone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any

from botocore.parsers import JSONParser
from botocore.utils import parse_timestamp

Read = Callable[[JSONParser, Any], Any]
READ = "_read_by"
"""The attribute of a shape that keeps its function: botocore makes each shape once for a client's class."""

_parse_shape = JSONParser._parse_shape


def install() -> None:
    """Let botocore's parser of JSON read by the functions of the shapes."""
    JSONParser._parse_shape = _by_shape


def _by_shape(parser: Any, shape: Any, value: Any) -> Any:
    return (read_of(shape) if type(parser) is JSONParser else _as_botocore_does(shape))(parser, value)


def read_of(shape: Any) -> Read:
    """Return the function that reads values of the shape."""
    known: Read | None = shape.__dict__.get(READ)
    if known is None:
        known = READERS.get(shape.type_name, _as_it_is)(shape)
        setattr(shape, READ, known)
    return known


def _as_it_is(_: Any) -> Read:
    return lambda _, value: value


def _as_botocore_does(shape: Any) -> Read:
    return lambda parser, value: _parse_shape(parser, shape, value)


def _instant(shape: Any) -> Read:
    other = _as_botocore_does(shape)

    def read(parser: Any, value: Any) -> Any:
        is_number = type(value) in (int, float) and parser._timestamp_parser is parse_timestamp
        return _instant_of(value, (time.timezone, time.altzone)) if is_number else other(parser, value)

    return read


@lru_cache(maxsize=100_000)
def _instant_of(value: float, _zone: tuple[int, int]) -> datetime:
    instant: datetime = parse_timestamp(value)
    return instant


def _list(shape: Any) -> Read:
    def read(parser: Any, value: Any) -> Any:
        read_member = read_of(shape.member)
        return [None if item is None else read_member(parser, item) for item in value]

    return read


def _map(shape: Any) -> Read:
    def read(parser: Any, value: Any) -> Any:
        read_key, read_value = read_of(shape.key), read_of(shape.value)
        return {read_key(parser, key): read_value(parser, item) for key, item in value.items()}

    return read


def _structure(shape: Any) -> Read:
    other = _as_botocore_does(shape)
    if shape.is_document_type or shape.is_tagged_union:
        return other
    by_keys: dict[tuple[str, ...], list[tuple[str, str, Read]]] = {}

    def read(parser: Any, value: Any) -> Any:
        if type(value) is not dict:
            return other(parser, value)
        keys = tuple(value)
        steps = by_keys.get(keys)
        if steps is None:
            steps = by_keys[keys] = _steps(value, shape)
        return {
            member: read_member(parser, item)
            for key, member, read_member in steps
            if (item := value[key]) is not None
        }

    return read


def _steps(value: dict[str, Any], shape: Any) -> list[tuple[str, str, Read]]:
    """Return, in the order of the model, under which key each member came, its name, and what reads it."""
    named = [
        (inner.serialization.get("name", member), member, inner) for member, inner in shape.members.items()
    ]
    return [(key, member, read_of(inner)) for key, member, inner in named if key in value]


READERS: dict[str, Callable[[Any], Read]] = {
    "timestamp": _instant,
    "blob": _as_botocore_does,
    "list": _list,
    "map": _map,
    "structure": _structure,
}
"""By the types of botocore's model; others, such as texts and numbers, are as they came."""
