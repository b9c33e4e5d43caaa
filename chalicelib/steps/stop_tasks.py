"""Stops what the policy does not wait for, for "Stop standalone tasks" and "Stop the rest"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.common.model import instant, stamp
from chalicelib.common.packing import pack, unpack, unpack_tasks
from chalicelib.common.telemetry import logger
from chalicelib.gateways.stop import stop_tasks as stop
from chalicelib.gateways.stop import tasks_on
from chalicelib.look.memory import MOST_REMEMBERED
from chalicelib.plan.drain import Drain

Event = Mapping[str, Any]


def stop_tasks(event: Event) -> dict[str, Any]:
    """Stop the standalone tasks that the policy won't wait for, or, at the deadline, every task that is left."""
    drain, facts = Drain.from_state(event["drain"]), event["look"]
    arns = unpack(facts["stop_now"]) if event["which"] == "standalone" else _left(drain, facts["memory"])
    stopping = stop(drain, arns, instant(event["now"]))
    # Those before are STOPPED by now: so many are followed at a time.
    asked = pack([*dict.fromkeys([*unpack(event["asked"]), *stopping.asked])][-MOST_REMEMBERED:])
    logger.warning("tasks are stopped", extra={"instance": drain.instance_id, "tasks": list(stopping.asked)})
    return {"asked": asked, "deadline": {"at": stamp(stopping.until), "action": "continue"}}


def _left(drain: Drain, memory: Mapping[str, Any]) -> Iterable[str]:
    """Return the ARNs of the tasks that are left: those that are followed, or all where they are too many for that."""
    return tasks_on(drain) if memory.get("more") else unpack_tasks(memory["tasks"])
