"""Where moto looks for the members of an answer: the names it would try are worked out once for each member.

moto asks six alias providers anew for each member of each element of each answer, which took a quarter of all the CPU
of a long rehearsal. What they answer depends on the member and on the class of the object it is taken from alone,
unless that class names aliases of its own (`Meta`): then, and for pickers other than the usual, moto goes on asking.

Likewise texts and instants in UTC, of which answers mostly consist, are written with no look at what else they may be.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from moto.core.serialize import (
    AttributePickerContext,
    BaseJSONSerializer,
    ResponseSerializer,
    TimestampSerializer,
    XFormedAttributePicker,
)
from moto.core.utils import get_value

MISSING = object()
_known: dict[tuple[Any, str, type], tuple[str, ...]] = {}


def install() -> None:
    """Let moto's serializers take members by the names that are known already, and write plain ones straight."""
    _take_by_known_names()
    _write_plain_texts()
    _write_utc()


def _take_by_known_names() -> None:
    picked_anew = ResponseSerializer.get_value

    def value_of(self: Any, value: Any, key: str, shape: Any) -> Any:
        picker = self._value_picker
        if type(picker) is not XFormedAttributePicker or hasattr(value, "Meta"):
            return picked_anew(self, value, key, shape)
        found = taken(value, names_of(value, key, shape))
        if picker.response_transformers:
            return _transformed(found, ".".join([*self.path, key]), picker.response_transformers)
        return found

    ResponseSerializer.get_value = value_of


def _write_plain_texts() -> None:
    written_anew = BaseJSONSerializer._serialize_type_string

    def write(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if type(value) is str:
            self._default_serialize(serialized, value, shape, key)
        else:
            written_anew(self, serialized, value, shape, key)

    BaseJSONSerializer._serialize_type_string = write


def _write_utc() -> None:
    written_anew = TimestampSerializer._convert_timestamp_to_str

    def written(self: Any, value: Any, timestamp_format: str) -> Any:
        if isinstance(value, datetime) and value.tzinfo is UTC:
            return getattr(self, f"_timestamp_{timestamp_format.lower()}")(value)
        return written_anew(self, value, timestamp_format)

    TimestampSerializer._convert_timestamp_to_str = written


def taken(value: Any, names: tuple[str, ...]) -> Any:
    """Return what the object has by the first of the names that it knows, or None."""
    if type(value) is dict:  # most are
        return next((value[name] for name in names if name in value), None)
    found = (get_value(value, name, MISSING) for name in names)
    return next((each for each in found if each is not MISSING), None)


def names_of(value: Any, key: str, shape: Any) -> tuple[str, ...]:
    """Return the names moto tries; it makes a member's shape once a process, and gives it its parent before this."""
    known = _known.get((shape, key, value.__class__))
    if known is None:
        context = AttributePickerContext(obj=value, key=key, shape=shape)
        known = tuple(dict.fromkeys(XFormedAttributePicker().get_possible_keys(context)))
        _known[shape, key, value.__class__] = known
    return known


def _transformed(value: Any, path: str, transformers: dict[str, Any]) -> Any:
    transform = next((each for end, each in transformers.items() if path.endswith(end)), None)
    return value if transform is None else transform(value)
