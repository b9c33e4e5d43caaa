"""Stops what the policy does not wait for, for "Stop standalone tasks" and "Stop the rest"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.common.model import instant, stamp
from chalicelib.common.telemetry import logger
from chalicelib.gateways.stop import stop_tasks as stop
from chalicelib.plan.drain import Drain

Event = Mapping[str, Any]


def stop_tasks(event: Event) -> dict[str, Any]:
    """Stop the standalone tasks that the policy won't wait for, or, at the deadline, every task that is left."""
    drain, facts = Drain.from_state(event["drain"]), event["look"]
    arns = facts["stop_now"] if event["which"] == "standalone" else facts["memory"]["tasks"]
    stopping = stop(drain, arns, instant(event["now"]))
    asked = list(dict.fromkeys([*event["asked"], *stopping.asked]))
    logger.warning("tasks are stopped", extra={"instance": drain.instance_id, "tasks": list(stopping.asked)})
    return {"asked": asked, "deadline": {"at": stamp(stopping.until), "action": "continue"}}
