"""Tells people and programs of a drain or a fleet for "Tell", and measures what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.common.model import instant
from chalicelib.common.packing import unpack
from chalicelib.common.telemetry import logger, metrics
from chalicelib.fleet import notice as fleet_notice
from chalicelib.gateways.topics import publish
from chalicelib.tell import notice
from chalicelib.tell.notice import tasks_alive

Event = Mapping[str, Any]

FLEET_OCCASIONS = ("fleet-ended", "fleet-failed")

PATIENT_TRIES = 3
"""After so many retries of "Tell" the stage's topic is told instead of one that can't be reached."""

LET_GO = frozenset({"drained", "nothing-to-drain", "agent-lost", "deadline", "abandoned", "already-done"})
"""The outcomes after which the instance goes, or may."""


EXPLAINED = {
    "near-deadline": "DrainsNearDeadline",
    "gates-closed": "DrainsAtClosedGates",
    "blocked": "BlockedDrains",
    "events-lost": "DrainsWithoutEvents",
}
"""What an explanation counts as, by its occasion; any other is of a drain that is stuck."""

COUNTED = {"failed": "FailedDrains", "troubled": "TroubledDrains", "heartbeat-refused": "RefusedHeartbeats"}
"""What other occasions count as."""


def tell(event: Event) -> dict[str, Any]:
    """Write what people and programs are told on an occasion, measure it, and publish it.

    Returns the subject, the topic that later notices go to, and as `untold` why the policy's own was not told; of a
    fleet the subject alone.
    """
    if event["occasion"] in FLEET_OCCASIONS:
        return _tell_of_fleet(event)
    state, at = _told_of(event), instant(event["now"])
    topic = state["drain"]["topic"] if "drain" in state else event["stage_topic"]
    if event["occasion"] == "already-draining":
        words = notice.compose_declined(state, event["execution"], at)
    else:
        if not event["retries"]:  # a retry tells again what was measured before
            measure(event["occasion"], state, at)
        words = notice.compose(event["occasion"], state, event["execution"], at)
    # A failure may have come before a policy named a topic.
    to = event["stage_topic"] if event["occasion"] == "failed" else topic
    told = publish(words, to, event["stage_topic"], is_last_try=event["retries"] >= PATIENT_TRIES)
    if told.untold:
        logger.error("the policy's topic was not told", extra={"topic": topic, "why": str(told.untold)})
    untold = state.get("untold") or (
        {"Error": type(told.untold).__name__, "Cause": str(told.untold)} if told.untold else None
    )
    return {"subject": words.subject, "topic": told.topic, "untold": untold}


def _told_of(event: Event) -> dict[str, Any]:
    """Return the machine's whole state; before the plan that is the request, and what failed."""
    if event["is_planned"]:
        return dict(event["state"])
    failed = {name: event["state"][name] for name in ("failure", "trouble", "untold")}
    return {**event["request"], **failed}


def _tell_of_fleet(event: Event) -> dict[str, Any]:
    """Write what people and programs are told of a fleet that has ended or failed, and publish it to the stage's topic.

    Returns its subject; raises what `publish` raises.
    """
    told = fleet_notice.compose(event["state"], event["execution"], instant(event["now"]))
    publish(told, event["stage_topic"], event["stage_topic"])
    return {"subject": told.subject}


def measure(occasion: str, state: Mapping[str, Any], at: datetime) -> None:
    """Write the metrics of an occasion, by cluster and outcome where they are known."""
    if occasion == "explained":
        name = EXPLAINED.get(str(state["look"]["explain"]), "StuckDrains")
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
    elif occasion in COUNTED:
        metrics.add_metric(name=COUNTED[occasion], unit=MetricUnit.Count, value=1)
    elif occasion == "ended":
        _measure_end(state, at)


def _measure_end(state: Mapping[str, Any], at: datetime) -> None:
    drain, look, outcome = state["drain"], state["look"], state["outcome"]["name"]
    clusters = [item["cluster"].rsplit("/", 1)[-1] for item in drain["containers"]]
    metrics.add_dimension(name="cluster", value=",".join(clusters) or "none")
    metrics.add_dimension(name="outcome", value=outcome)
    metrics.add_metric(name="DrainDuration", unit=MetricUnit.Seconds, value=_seconds(drain["started_at"], at))
    metrics.add_metric(name="Looks", unit=MetricUnit.Count, value=look["memory"]["looks"])
    metrics.add_metric(
        name="ForcedStops", unit=MetricUnit.Count, value=len(unpack(state["stopped"]["asked"]))
    )
    alive = tasks_alive(look) if outcome in LET_GO else 0
    metrics.add_metric(name="TasksAliveAtContinue", unit=MetricUnit.Count, value=alive)
    if outcome == "drained" and look["memory"]["last_stopped_at"]:
        delay = _seconds(look["memory"]["last_stopped_at"], at)
        metrics.add_metric(name="ContinueDelay", unit=MetricUnit.Seconds, value=max(0, delay))


def _seconds(since: str, at: datetime) -> float:
    return (at - instant(since)).total_seconds()
