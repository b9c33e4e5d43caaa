"""Brings instances back that were drained on their way into a warm pool: ECS leaves DRAINING in place.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pool-instance-lifecycle.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.common.ledger import Drained, Entry
from chalicelib.common.telemetry import logger
from chalicelib.events import Ignored, parse_event
from chalicelib.gateways import ecs, stepfunctions
from chalicelib.gateways.ledger import forget_drained, ledger_of, read_entry

Event = Mapping[str, Any]


def return_to_service(event: Event, function_arn: str) -> list[dict[str, Any]]:
    """Set ACTIVE what drains of ours set DRAINING, for each instance that an event brings back into service.

    Raises Throttled and its family, so that Lambda asks again; raises InvalidEvent.
    """
    table = ledger_of(function_arn)
    returned = [each for each in parse_event(event) if isinstance(each, Ignored) and each.back_in_service]
    return [bring_back(table, each.instance_id) for each in returned if each.instance_id]


def bring_back(table: str, instance_id: str) -> dict[str, Any]:
    """Set ACTIVE what the ledger says that we set DRAINING on an instance, where it is DRAINING still."""
    entry = read_entry(table, instance_id)
    reason = _why_not(entry)
    active = [] if reason else [arn for each in entry.drained for arn in _set_active(each)]
    if not reason:
        forget_drained(table, instance_id)
    logger.info(
        reason or "back in service", extra={"instance": instance_id, "container_instances": list(active)}
    )
    return {"instance_id": instance_id, "set_active": active, "left_alone": reason}


def _why_not(entry: Entry) -> str | None:
    if not entry.drained:
        return "no drain of ours has set it DRAINING"
    is_open = entry.execution is not None and stepfunctions.is_running(entry.execution)
    return "a drain is open" if is_open else None


def _set_active(drained: Drained) -> list[str]:
    """Set ACTIVE those that are DRAINING; one that is gone, or ACTIVE already, is left alone."""
    described = ecs.describe_container_instances(drained.cluster, drained.container_instances)
    arns = [instance.arn for instance in described if instance.status == "DRAINING"]
    return list(ecs.set_state(drained.cluster, arns, "ACTIVE"))
