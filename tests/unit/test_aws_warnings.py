"""Warnings of EC2 and AWS Health that name an instance and no lifecycle action."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.common.errors import InvalidEvent
from chalicelib.events import DrainRequest, Ignored, Trigger, execution_name, parse_event
from tests.unit.event_samples import INSTANCE_ID, sample

WARNED_AT = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)


def changed(name: str, **changes: Any) -> Any:
    event = sample(name)
    event["detail"].update(changes)
    return event


@pytest.mark.parametrize(
    ("action", "left"),
    [("terminate", timedelta(minutes=2)), ("stop", timedelta(minutes=2)), ("hibernate", timedelta(0))],
)
def test_a_spot_warning_leaves_two_minutes_unless_the_instance_hibernates(
    action: str, left: timedelta
) -> None:
    """EC2 warns two minutes ahead, except of hibernation, which begins with the warning."""
    (request,) = parse_event(changed("spot-interruption", **{"instance-action": action}))
    assert isinstance(request, DrainRequest)
    assert request.trigger is Trigger.SPOT_INTERRUPTION
    assert (request.instance_id, request.lifecycle_action) == (INSTANCE_ID, None)
    assert (request.event_at, request.gone_at) == (WARNED_AT, WARNED_AT + left)
    assert execution_name(request) == f"{INSTANCE_ID}-spot-20260302T110000Z"


def test_a_rebalance_recommendation_sets_no_time() -> None:
    (request,) = parse_event(sample("rebalance-recommendation"))
    assert isinstance(request, DrainRequest)
    assert (request.trigger, request.gone_at) == (Trigger.REBALANCE_RECOMMENDATION, None)
    assert execution_name(request) == f"{INSTANCE_ID}-rebalance-20260302T105000Z"


def test_a_health_event_names_several_instances_by_id_or_arn() -> None:
    """AWS Health's entityValue is an id or a full ARN; other resources and resolved ones are among them."""
    first, second, resolved, volume = parse_event(sample("health-scheduled-change"))
    assert isinstance(first, DrainRequest)
    assert isinstance(second, DrainRequest)
    assert (first.instance_id, second.instance_id) == (INSTANCE_ID, "i-0b2c3d4e5f6071829")
    assert (
        first.reason == "AWS Health announced AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED for 2026-03-16T00:00:00Z"
    )
    assert isinstance(resolved, Ignored)
    assert "resolved" in resolved.reason
    assert isinstance(volume, Ignored)
    assert "vol-0123456789abcdef0" in volume.reason


def test_an_update_of_a_scheduled_change_starts_no_other_drain() -> None:
    update = changed(
        "health-scheduled-change", communicationId="c0ffee-2", lastUpdatedTime="Tue, 3 Mar 2026 09:00:00 GMT"
    )
    update["time"] = "2026-03-03T09:00:00Z"
    names = {execution_name(parse_event(event)[0]) for event in (sample("health-scheduled-change"), update)}  # type: ignore[arg-type]  # both are requests
    assert names == {f"{INSTANCE_ID}-health-20260316T000000Z"}


def test_a_scheduled_change_without_a_date_is_named_for_its_event() -> None:
    (request, *_) = parse_event(changed("health-scheduled-change", startTime=None))
    assert isinstance(request, DrainRequest)
    assert request.reason == "AWS Health announced AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED"
    assert execution_name(request) == f"{INSTANCE_ID}-health-20260302T120000Z"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE"}, "no scheduled change"),
        ({"service": "RDS"}, "no scheduled change"),
        ({"statusCode": "closed"}, "is closed"),
        ({"backupEvent": "true"}, "backup Region"),
    ],
)
def test_other_health_events_ask_for_no_drain(changes: dict[str, str], reason: str) -> None:
    (ignored,) = parse_event(changed("health-scheduled-change", **changes))
    assert isinstance(ignored, Ignored)
    assert reason in ignored.reason


def test_maintenance_is_a_scheduled_change_too() -> None:
    outcomes = parse_event(
        changed("health-scheduled-change", eventTypeCode="AWS_EC2_SYSTEM_MAINTENANCE_SCHEDULED")
    )
    assert isinstance(outcomes[0], DrainRequest)


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (
            changed("spot-interruption", **{"instance-id": "i-123"}),
            "instance-id of the Spot interruption warning is 'i-123'",
        ),
        (
            changed("spot-interruption", **{"instance-action": 7}),
            "is 7: expected terminate, stop or hibernate",
        ),
        (
            {**sample("spot-interruption"), "time": "today"},
            "time of the Spot interruption warning is 'today': expected",
        ),
        ({**sample("spot-interruption"), "time": "2026-03-02T11:00:00"}, "expected an instant such as"),
        ({**sample("spot-interruption"), "time": "0001-01-01T00:00:00+23:00"}, "expected an instant such as"),
        (
            {**sample("rebalance-recommendation"), "detail": "x"},
            "detail of the rebalance recommendation is 'x'",
        ),
        (
            changed("health-scheduled-change", affectedEntities=[]),
            "affectedEntities of the AWS Health event is []",
        ),
        (changed("health-scheduled-change", affectedEntities=["i-1"]), "holds 'i-1': expected objects"),
        (
            changed("health-scheduled-change", startTime="2026-03-16"),
            "startTime of the AWS Health event is '2026-03-16'",
        ),
    ],
)
def test_a_malformed_warning_is_refused_by_field_and_value(event: object, sentence: str) -> None:
    with pytest.raises(InvalidEvent) as refusal:
        parse_event(event)
    assert sentence in str(refusal.value)
