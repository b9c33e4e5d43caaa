"""Reads the request of a person or a program; a sample: tests/events/manual.json.

    {"instance_id": "i-0123456789abcdef0", "deadline": "30m", "on_deadline": "stop-tasks",
     "standalone_tasks": "stop-after 10m", "reason": "kernel update", "idempotency_key": "kernel-update-7"}

Every setting of `chalicelib.policy` is a field. Someone waits for the answer, so a wrong value is refused at
once here, where one in a tag would only be passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.common.errors import InvalidRequest
from chalicelib.common.trigger import Trigger
from chalicelib.common.wording import did_you_mean, one_of, shown
from chalicelib.events.fields import Fields
from chalicelib.events.request import DrainRequest
from chalicelib.policy.table import BY_NAME

OWN_FIELDS = ("instance_id", "reason", "who", "idempotency_key")
FIELDS = (*OWN_FIELDS, *BY_NAME)

KEY = re.compile(r"[0-9A-Za-z_-]{1,80}", re.ASCII)
"""What may name an execution: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""
# Such a key would take the name of a lifecycle action's drain, whose event would then start nothing.
TAKEN_KEY = re.compile(r"i-[0-9a-f]+-[0-9A-Za-z-]{36}", re.ASCII)


def parse_manual(request: object) -> DrainRequest:
    """Turn a manual request into a request to drain; null counts as absent; raises InvalidRequest."""
    if not isinstance(request, Mapping):
        expected = 'an object such as {"instance_id": "i-0123456789abcdef0"}'
        raise InvalidRequest(f"the request is {shown(request)}: expected {expected}")
    given = {name: value for name, value in request.items() if value is not None}
    _refuse_unknown(given)
    fields = Fields(given, "the request", InvalidRequest)
    return DrainRequest(
        instance_id=fields.instance_id("instance_id"),
        trigger=Trigger.MANUAL,
        settings=_settings(given),
        reason=fields.line_or_none("reason", "some words"),
        who=fields.line_or_none("who", "a name", longest=256),
        idempotency_key=_idempotency_key(fields),
    )


def _refuse_unknown(given: Mapping[str, Any]) -> None:
    for name in given:
        if name not in FIELDS:
            near = did_you_mean(str(name), FIELDS)
            raise InvalidRequest(f"{shown(name)} is no field of a request: expected {one_of(FIELDS)}{near}")


def _settings(given: Mapping[str, Any]) -> Mapping[str, object]:
    """Return the settings as written, each of which its parser understands."""
    settings = {name: value for name, value in given.items() if name in BY_NAME}
    for name, value in settings.items():
        try:
            BY_NAME[name].parse(value)
        except ValueError as refusal:
            raise InvalidRequest(f"{name} of the request: {refusal}") from None
    return settings


def _idempotency_key(fields: Fields) -> str | None:
    if "idempotency_key" not in fields.values:
        return None
    key = fields.matching("idempotency_key", KEY, "1 to 80 letters, digits, dashes and underscores")
    if TAKEN_KEY.fullmatch(key):
        raise fields.refusal(
            "idempotency_key", "a key that doesn't look like the drain of a lifecycle action"
        )
    return key
