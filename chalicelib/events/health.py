"""Reads AWS Health's scheduled changes of EC2 instances; a sample: tests/events/health-scheduled-change.json.

    {"detail-type": "AWS Health Event", "detail": {"service": "EC2", "eventTypeCategory": "scheduledChange",
     "eventTypeCode": "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED", "statusCode": "upcoming",
     "startTime": "Mon, 16 Mar 2026 00:00:00 GMT", "affectedEntities": [{"entityValue": "i-…"}, …]}}

Dates are in the form of e-mail, flags and page numbers are text, and an entity is an id or an ARN:
https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.model import stamp
from chalicelib.common.trigger import Trigger
from chalicelib.common.wording import shown
from chalicelib.events.fields import INSTANCE_ID, Fields
from chalicelib.events.request import DrainRequest, Ignored, Outcome

CODES = ("_RETIREMENT_SCHEDULED", "_MAINTENANCE_SCHEDULED")


def parse_health_event(event: Mapping[str, Any]) -> tuple[Outcome, ...]:
    """Turn one Health event into a request for each instance that it names; raises InvalidEvent."""
    envelope = Fields(event, "the AWS Health event", InvalidEvent)
    detail = Fields(envelope.mapping("detail", "the change"), envelope.where, InvalidEvent)
    no_change = _why_no_change(detail)
    return (Ignored(no_change),) if no_change else tuple(_affected(envelope, detail))


def _why_no_change(detail: Fields) -> str | None:
    """Return why the event announces no change of an EC2 instance that is still to come, or None."""
    code = detail.text("eventTypeCode", "a code such as AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED")
    if detail.values.get("service") != "EC2" or not code.endswith(CODES):
        return f"AWS Health speaks of {code}, which is no scheduled change of EC2 instances"
    if detail.values.get("statusCode") == "closed":
        return f"{code} is closed"
    if str(detail.values.get("backupEvent")).lower() == "true":
        return f"this is the backup Region's copy of {code}"
    return None


def _affected(envelope: Fields, detail: Fields) -> Iterator[Outcome]:
    entities = detail.values.get("affectedEntities")
    if not isinstance(entities, list) or not entities:
        raise detail.refusal("affectedEntities", "a list of the affected instances")
    for entity in entities:
        if not isinstance(entity, Mapping):
            raise InvalidEvent(f"affectedEntities of {detail.where} holds {shown(entity)}: expected objects")
        yield _entity(Fields(entity, "an affected entity", InvalidEvent), envelope, detail)


def _entity(entity: Fields, envelope: Fields, detail: Fields) -> Outcome:
    instance_id = entity.text("entityValue", "an instance's id or ARN").rsplit("/", 1)[-1]
    code = detail.values["eventTypeCode"]
    if not INSTANCE_ID.fullmatch(instance_id):
        return Ignored(f"{code} affects {shown(instance_id)}, which is no EC2 instance")
    if entity.values.get("status") == "RESOLVED":
        return Ignored(f"{code} is resolved for this instance", instance_id)
    starts_at = _starts_at(detail)
    return DrainRequest(
        instance_id=instance_id,
        trigger=Trigger.HEALTH_SCHEDULED_CHANGE,
        reason=f"AWS Health announced {code}" + (f" for {stamp(starts_at)}" if starts_at else ""),
        who="AWS Health",
        # The start names the change: updates of it come at later times, and must not start another drain.
        # It is no `gone_at`, for an instance often outlives it.
        event_at=starts_at or envelope.at("time"),
    )


def _starts_at(detail: Fields) -> datetime | None:
    text = detail.text_or_none("startTime", "a date")
    if text is None:
        return None
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise detail.refusal("startTime", "a date such as Mon, 16 Mar 2026 00:00:00 GMT") from None
