"""The request to drain a fleet: which instances, how many at once, and when to stop beginning. Pure.

{"instances": ["i-0123456789abcdef0", "i-0123456789abcdef1"], "max_concurrent": 5, "stop_after": 3,
 "may_hop": false, "reason": "new AMI", "settings": {"deadline": "30m", "on_deadline": "keep"}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.common.carried import Carried
from chalicelib.common.errors import InvalidRequest
from chalicelib.common.wording import did_you_mean, one_of, shown
from chalicelib.events import parse_manual
from chalicelib.events.fields import INSTANCE_ID_EXPECTED, Fields

MOST_INSTANCES = 300
"""A state holds 256 KiB, and an instance takes about 550 bytes of it, names and ends included; of the 25,000 events
of a history it takes about 20. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

MOST_AT_ONCE = 40
"""What an inline Map runs at once: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html"""

DEFAULT_AT_ONCE = 5
DEFAULT_STOP_AFTER = 3
FIELDS = ("instances", "max_concurrent", "stop_after", "may_hop", "settings", "reason", "who")


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRequest(Carried):
    """The request to drain some instances."""

    instances: tuple[str, ...]
    """EC2 instance ids, in the order in which their drains begin."""
    max_concurrent: int = DEFAULT_AT_ONCE
    """How many drains are open at once."""
    stop_after: int = DEFAULT_STOP_AFTER
    """No drain begins once so many have ended with tasks left or failed; those that run go on."""
    may_hop: bool = False
    """Whether instances stay ACTIVE until their own drain: tasks may then move to one that is next."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """The settings of each drain, as a manual request has them."""
    reason: str | None = None
    who: str | None = None


def parse_fleet(request: object) -> FleetRequest:
    """Turn the execution's input into a request; null counts as absent; raises InvalidRequest."""
    if not isinstance(request, Mapping):
        expected = 'an object such as {"instances": ["i-0123456789abcdef0"]}'
        raise InvalidRequest(f"the fleet's request is {shown(request)}: expected {expected}")
    given = {name: value for name, value in request.items() if value is not None}
    for name in given:
        if name not in FIELDS:
            near = did_you_mean(str(name), FIELDS)
            raise InvalidRequest(f"{shown(name)} is no field of a fleet: expected {one_of(FIELDS)}{near}")
    fields = Fields(given, "the fleet's request", InvalidRequest)
    instances = _instances(fields)
    settings = fields.mapping_or_none("settings", "an object of settings") or {}
    reason, who = fields.line_or_none("reason", "some words"), fields.line_or_none("who", "a name")
    parse_manual(
        {**settings, "instance_id": instances[0]}
    )  # refuses wrong settings before anything is touched
    return FleetRequest(
        instances=instances,
        max_concurrent=_number(fields, "max_concurrent", DEFAULT_AT_ONCE, MOST_AT_ONCE),
        stop_after=_number(fields, "stop_after", DEFAULT_STOP_AFTER, MOST_INSTANCES),
        may_hop=_truth(fields, "may_hop"),
        settings=settings,
        reason=reason,
        who=who,
    )


def _instances(fields: Fields) -> tuple[str, ...]:
    expected = f"a list of 1 to {MOST_INSTANCES} instances, each {INSTANCE_ID_EXPECTED}"
    value = fields.values.get("instances")
    if not isinstance(value, list) or not value:
        raise fields.refusal("instances", expected)
    ids = [
        Fields({"instance": each}, "the fleet's request", InvalidRequest).instance_id("instance")
        for each in value
    ]
    distinct = tuple(dict.fromkeys(ids))
    if len(distinct) > MOST_INSTANCES:
        raise fields.refusal("instances", expected)
    return distinct


def _number(fields: Fields, name: str, default: int, most: int) -> int:
    value = fields.values.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise fields.refusal(name, f"a whole number from 1 to {most}")
    return value


def _truth(fields: Fields, name: str) -> bool:
    value = fields.values.get(name, False)
    if not isinstance(value, bool):
        raise fields.refusal(name, "true or false")
    return value
