"""What a story's drains put on the bus: each event by the published schema, and one for each notice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from embedded_aws.requests import Call

SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "drain-event-1.json"


@cache
def validator() -> Draft202012Validator:
    """Return the published schema's validator."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


def events_of(calls: Iterable[Call]) -> list[dict[str, Any]]:
    """Return the events of ours that were put and taken, as a rule's target gets them, in their order."""
    return [
        {
            "source": entry["Source"],
            "detail-type": entry["DetailType"],
            "resources": entry["Resources"],
            "time": str(entry["Time"]),
            "detail": json.loads(entry["Detail"]),
        }
        for call in calls
        if call.operation == "PutEvents" and not call.error
        for entry in call.parameters["Entries"]
        if not entry["Source"].startswith(("aws.", "lambda"))
    ]


def wrong_in(event: dict[str, Any]) -> list[str]:
    """Return what the schema has against an event."""
    return [f"{error.json_path}: {error.message}" for error in validator().iter_errors(event)]
