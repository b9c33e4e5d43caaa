"""Bodies of answers: XML written straight, and searched for a request id only where there is one.

xmltodict writes through a SAX generator, and looks at each element for comments, attributes and name spaces, of which
moto uses one: `xmlns` at the root. A group of 200 instances, which each drain asks for, takes it five times as long.
What is not a tree of dictionaries, lists, texts, numbers and truth values is still written by xmltodict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from moto.core.responses import BaseResponse
from moto.core.serialize import BaseXMLSerializer
from moto.utilities.aws_headers import gen_amzn_requestid_long

NAMESPACE = "@xmlns"
REQUEST_ID = "<RequestId>"


class UnusualError(Exception):
    """What xmltodict has to write."""


def install() -> None:
    """Let moto write XML so, and leave bodies alone that have no request id."""
    _write_straight()
    _enrich_in_place()


def _write_straight() -> None:
    written_by_xmltodict = BaseXMLSerializer._serialize_body

    def serialize_body(serializer: Any, body: Any) -> Any:
        if type(serializer)._serialize_body is serialize_body and not serializer.pretty_print:
            try:
                return xml_of(body)
            except UnusualError:
                pass
        return written_by_xmltodict(serializer, body)

    BaseXMLSerializer._serialize_body = serialize_body


def _enrich_in_place() -> None:
    enriched = BaseResponse._enrich_response

    def enrich(headers: dict[str, Any], body: Any) -> tuple[dict[str, Any], Any]:
        if not isinstance(body, str) or REQUEST_ID in body:
            answer: tuple[dict[str, Any], Any] = enriched(headers, body)
            return answer
        if "status" in headers:
            headers["status"] = str(headers["status"])
        gen_amzn_requestid_long(headers)
        return headers, body

    BaseResponse._enrich_response = staticmethod(enrich)


def xml_of(tree: dict[str, Any]) -> str:
    """Return the XML of a tree, with no head and with short empty elements; raises UnusualError."""
    return "".join(part for name, value in tree.items() for part in _elements(name, value))


def _elements(name: str, value: Any) -> Iterator[str]:
    if type(name) is not str or not name.isidentifier():  # of ASCII or not: what xmltodict refuses is none
        raise UnusualError
    for item in value if type(value) is list else (value,):
        content, attributes = _content(item), ""
        if type(item) is dict and NAMESPACE in item:
            attributes = f" xmlns={quoteattr(item[NAMESPACE])}"
        yield f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"


def _content(item: Any) -> str:
    kind = type(item)
    if kind is str:
        return escape(item)
    if kind is dict:
        return "".join(part for key, value in item.items() for part in _child(key, value))
    if item is None:
        return ""
    if kind is bool:
        return "true" if item else "false"
    if kind is int:
        return str(item)
    raise UnusualError


def _child(name: str, value: Any) -> Iterator[str]:
    if name == NAMESPACE and type(value) is str:
        return iter(())
    return _elements(name, value)
