"""Reads EC2's warnings about Spot instances; samples: tests/events/spot-interruption.json and rebalance.json.

    {"detail-type": "EC2 Spot Instance Interruption Warning", "time": "2026-03-02T11:00:00Z",
     "detail": {"instance-id": "i-…", "instance-action": "terminate"}}

The ARN in `resources` has an Availability Zone where others have the Region: only `detail` is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.common.errors import InvalidEvent
from chalicelib.common.trigger import Trigger
from chalicelib.events.fields import Fields
from chalicelib.events.request import DrainRequest

SPOT_NOTICE = timedelta(minutes=2)
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"""


def parse_spot_interruption(event: Mapping[str, Any]) -> DrainRequest:
    """Turn an interruption warning into a request; hibernation begins with it, the rest 2 minutes later."""
    envelope = Fields(event, "the Spot interruption warning", InvalidEvent)
    detail = _detail(envelope)
    action = detail.text_or_none("instance-action", "terminate, stop or hibernate") or "terminate"
    warned_at = envelope.at("time")
    return DrainRequest(
        instance_id=detail.instance_id("instance-id"),
        trigger=Trigger.SPOT_INTERRUPTION,
        reason=f"EC2 takes the Spot instance back ({action})",
        who="EC2",
        event_at=warned_at,
        gone_at=warned_at if action == "hibernate" else warned_at + SPOT_NOTICE,
    )


def parse_rebalance_recommendation(event: Mapping[str, Any]) -> DrainRequest:
    """Turn a rebalance recommendation into a request: no deadline, but a Spot warning may follow any time.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/rebalance-recommendations.html
    """
    envelope = Fields(event, "the rebalance recommendation", InvalidEvent)
    return DrainRequest(
        instance_id=_detail(envelope).instance_id("instance-id"),
        trigger=Trigger.REBALANCE_RECOMMENDATION,
        reason="EC2 sees an elevated risk that it takes the Spot instance back",
        who="EC2",
        event_at=envelope.at("time"),
    )


def _detail(envelope: Fields) -> Fields:
    return Fields(envelope.mapping("detail", "an object with instance-id"), envelope.where, InvalidEvent)
