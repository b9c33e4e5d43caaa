"""What EC2 and AWS Health do to an instance, or say that they will: helpers for tests, demos and stories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.models.instances import Instance, StateReason

from embedded_aws import eventbridge
from embedded_aws.autoscaling import health, machines
from embedded_aws.autoscaling.members import fresh_uuid, member_of_any
from embedded_aws.aws import ACCOUNT_ID, REGION, later, now

SPOT_NOTICE_SECONDS = 120.0


def spot_interruption(instance_id: str) -> None:
    """Warn of a Spot interruption now, and take the EC2 instance away two minutes later, hooks or not.

    EC2 User Guide, "Spot Instance interruption notices"; the odd ARN has the Availability Zone for a Region.
    """
    instance = _backend().ec2_backend.get_instance(instance_id)
    eventbridge.emit(
        "aws.ec2",
        "EC2 Spot Instance Interruption Warning",
        {"instance-id": instance_id, "instance-action": "terminate"},
        [f"arn:aws:ec2:{instance.availability_zone}:instance/{instance_id}"],
        now(),
    )
    later(SPOT_NOTICE_SECONDS, lambda: _reclaim(instance), f"EC2 reclaims {instance_id}")


def rebalance_recommendation(instance_id: str) -> None:
    """Say that the instance is at risk; a group with Capacity Rebalancing replaces it, the new one first.

    User Guide, "Use Capacity Rebalancing to handle Spot interruptions".
    """
    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:instance/{instance_id}"
    event = "EC2 Instance Rebalance Recommendation"
    eventbridge.emit("aws.ec2", event, {"instance-id": instance_id}, [arn], now())
    member = member_of_any(_backend(), instance_id)
    if member is not None and member.counts and member.group.capacity_rebalance:
        member.outgoing = True
        later(1, member.group.changed, f"{instance_id} is rebalanced")


def health_scheduled_change(
    instance_ids: Sequence[str], start: datetime, code: str = "AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED"
) -> dict[str, Any]:
    """Announce a scheduled change of the instances, at `start` (aware); returns the event's detail.

    Health User Guide, "Reference: AWS Health events Amazon EventBridge schema": dates are RFC 1123 text.
    """
    text, told = format_datetime(start, usegmt=True), format_datetime(now(), usegmt=True)
    entities = [
        {"entityValue": instance_id, "lastUpdatedTime": told, "status": "IMPAIRED"}
        for instance_id in instance_ids
    ]
    detail = {
        "eventArn": f"arn:aws:health:{REGION}::event/EC2/{code}/{code}_{fresh_uuid()}",
        "service": "EC2",
        "eventTypeCode": code,
        "eventTypeCategory": "scheduledChange",
        "eventScopeCode": "ACCOUNT_SPECIFIC",
        "communicationId": fresh_uuid(),
        "startTime": text,
        "endTime": text,
        "lastUpdatedTime": told,
        "statusCode": "upcoming",
        "eventRegion": REGION,
        "eventDescription": [{"language": "en_US", "latestDescription": f"{code} on {text}"}],
        "affectedEntities": entities,
        "affectedAccount": ACCOUNT_ID,
        "page": "1",
        "totalPages": "1",
        "backupEvent": "false",
    }
    eventbridge.emit("aws.health", "AWS Health Event", detail, list(instance_ids), now())
    return detail


def _reclaim(instance: Instance) -> None:
    code = "Server.SpotInstanceTermination"
    machines.terminate(instance, StateReason(f"{code}: Spot instance termination", code))
    health.check(_backend(), instance.id)


def _backend() -> Any:
    return autoscaling_backends[ACCOUNT_ID][REGION]
