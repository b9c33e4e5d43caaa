"""How moto writes an answer as JSON: worked out once for each shape, and for each set of keys that it is written from.

moto asks at each member of each element what its type is, where its value lies and what it is called in the answer, and
wraps each in a dictionary of its own. All of it depends on the shape alone, and on which keys an element has, so here
each shape has a function that writes its values, which takes a third of the time. What is not plain goes moto's way:
objects that name aliases of their own (`Meta`), transformers, documents, members of lists and maps that have
another name.
"""

from __future__ import annotations

from calendar import timegm
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.serialize import JSONSerializer, XFormedAttributePicker

from embedded_aws.requests.picking import names_of, taken

NOTHING: Any = object()
"""What moto would leave out."""
Write = Callable[[JSONSerializer, Any], Any]
"""Takes the serializer and a value that is not None; returns JSON or NOTHING."""
WRITE = "_written_by"
"""The attribute of a shape that keeps its function: moto makes each shape once a process."""


def install() -> None:
    """Let moto's serializer of JSON write by the functions of the shapes."""
    written_anew = JSONSerializer._serialize_result

    def serialize(self: Any, response: Any, result: Any) -> Any:
        picker, shape = self._value_picker, self.operation_model.output_shape
        is_usual = type(picker) is XFormedAttributePicker and not picker.response_transformers
        if not is_usual or type(self) is not JSONSerializer or shape is None or hasattr(result, "Meta"):
            return written_anew(self, response, result)
        written = {} if result is None else write_of(shape)(self, result)
        return self._serialized_result_to_response(response, result, shape, written)

    JSONSerializer._serialize_result = serialize


def write_of(shape: Any) -> Write:
    """Return the function that writes values of the shape."""
    known: Write | None = shape.__dict__.get(WRITE)
    if known is None:
        known = WRITERS.get(shape.type_name, _as_it_is)(shape)
        setattr(shape, WRITE, known)
    return known


def _as_it_is(_: Any) -> Write:
    return lambda _, value: value


def _as_moto_does(shape: Any) -> Write:
    name = shape.serialization.get("name", shape.name)

    def write(serializer: Any, value: Any) -> Any:
        wrapper: dict[str, Any] = {}
        serializer._serialize(wrapper, value, shape, shape.name)
        return wrapper.get(name, wrapper.get(shape.name, NOTHING))

    return write


def _text(shape: Any) -> Write:
    other = _as_moto_does(shape)
    return lambda serializer, value: value if type(value) is str else other(serializer, value)


def _instant(shape: Any) -> Write:
    other = _as_moto_does(shape)
    if shape.serialization.get("timestampFormat", JSONSerializer.DEFAULT_TIMESTAMP_FORMAT) != "unixtimestamp":
        return other

    def write(serializer: Any, value: Any) -> Any:
        if type(value) is not datetime or value.tzinfo is not UTC:
            return other(serializer, value)
        seconds = timegm(value.timetuple())
        return seconds + (value.microsecond // 1000) / 1000.0 if value.microsecond else seconds

    return write


def _list(shape: Any) -> Write:
    member = shape.member
    if member.serialization.get("name", member.name) != member.name:
        return _as_moto_does(shape)

    def write(serializer: Any, value: Any) -> Any:
        write_member, found = write_of(member), []
        for item in value:
            # An element of None is written as such, but for what moto makes of it in a list of texts or numbers.
            written = write_member(serializer, item)
            found.append(item if written is NOTHING else written)
        return found

    return write


def _map(shape: Any) -> Write:
    other, member = _as_moto_does(shape), shape.value
    if "name" in member.serialization:
        return other

    def write(serializer: Any, value: Any) -> Any:
        if "" in value:  # what has no name is written in its parent's place
            return other(serializer, value)
        write_member = write_of(member)
        written = {key: write_member(serializer, item) for key, item in value.items()}
        return {key: item for key, item in written.items() if item is not NOTHING}

    return write


def _structure(shape: Any) -> Write:
    if shape.is_document_type:
        return _as_it_is(shape)
    other, by_keys = _as_moto_does(shape), dict[tuple[str, ...], list[tuple[str, str, Write]]]()

    def write(serializer: Any, value: Any) -> Any:
        if type(value) is not dict:
            if value is None:
                return NOTHING
            return (
                other(serializer, value) if hasattr(value, "Meta") else _of_object(serializer, value, shape)
            )
        keys = tuple(value)
        steps = by_keys.get(keys)
        if steps is None:
            steps = by_keys[keys] = _steps(value, shape)
        found = {}
        for key, name, write_member in steps:
            item = value[key]
            if item is not None and (written := write_member(serializer, item)) is not NOTHING:
                found[name] = written
        return found

    return write


def _steps(value: dict[str, Any], shape: Any) -> list[tuple[str, str, Write]]:
    """Return, in the order of the answer, under which key each member lies, what it is called, and what writes it."""
    steps = []
    for member, inner in _members(shape):
        key = next((name for name in names_of(value, member, inner) if name in value), None)
        if key is not None:
            steps.append((key, _called(member, inner), write_of(inner)))
    return steps


def _of_object(serializer: Any, value: Any, shape: Any) -> dict[str, Any]:
    found = {}
    for member, inner in _members(shape):
        item = taken(value, names_of(value, member, inner))
        if item is not None and (written := write_of(inner)(serializer, item)) is not NOTHING:
            found[_called(member, inner)] = written
    return found


def _members(shape: Any) -> list[tuple[str, Any]]:
    members = list(shape.members.items())
    for _, inner in members:
        inner.parent = shape  # as moto sets it, whose aliases follow from it
    return members


def _called(member: str, shape: Any) -> str:
    is_document = shape.type_name == "structure" and shape.is_document_type
    return member if is_document else str(shape.serialization.get("name", member))


def _number(kind: type) -> Callable[[Any], Write]:
    return lambda _: lambda _, value: kind(value)


WRITERS: dict[str, Callable[[Any], Write]] = {
    "string": _text,
    "timestamp": _instant,
    "blob": _as_moto_does,
    "integer": _number(int),
    "long": _number(int),
    "float": _number(float),
    "double": _number(float),
    "list": _list,
    "map": _map,
    "structure": _structure,
}
"""By the types of botocore's model; others, such as booleans, are written as they are."""
