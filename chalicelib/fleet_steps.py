"""The steps of the fleet's state machine that are functions: plan it, and tell how it ended."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.fleet import notice
from chalicelib.fleet.own_turn import on_their_own_turn, policies_of
from chalicelib.fleet.plan import plan
from chalicelib.fleet.request import FleetRequest, parse_fleet
from chalicelib.fleet.room import room_for
from chalicelib.gateways.autoscaling import groups_of
from chalicelib.gateways.fleet import Surroundings, read_surroundings
from chalicelib.gateways.stateful import stateful_by_instance
from chalicelib.model import instant
from chalicelib.policy import Gates
from chalicelib.settings import Settings
from chalicelib.telemetry import logger

Event = Mapping[str, Any]


def plan_fleet(event: Event) -> dict[str, Any]:
    """Find the fleet's instances and whether the rest of the cluster has room for their tasks; touches nothing."""
    request = parse_fleet(event["request"])
    settings = Settings.from_environment(os.environ)
    found = read_surroundings(set(request.instances), settings.clusters)
    own_turn = {} if request.may_hop else _on_their_own_turn(request, settings, found)
    planned = plan(
        event["name"],
        request,
        [member for each in found for member in each.members],
        [cramped for each in found for cramped in room_for(each.world, each.doomed)],
        topic=event["topic"],
        began_at=instant(event["started_at"]),
        own_turn=own_turn,
    )
    logger.info(planned.room, extra={"fleet": planned.name, "verdict": planned.verdict})
    return planned.to_state()


def _on_their_own_turn(
    request: FleetRequest, settings: Settings, found: Sequence[Surroundings]
) -> dict[str, str]:
    """Return why instances can't be set DRAINING with the others; ECS is asked where a policy has gates alone."""
    members = [member for each in found for member in each.members]
    groups = groups_of({member.instance_id for member in members})
    policies = policies_of(request, members, groups, settings.policy)
    modes = {policy.gates for policy in policies.values()} - {Gates.OFF}
    stateful: dict[str, tuple[str, ...]] = {}
    for each in found if modes else ():
        stateful |= stateful_by_instance(each.cluster, with_definitions=Gates.TASK_DEFINITIONS in modes)
    return on_their_own_turn(members, policies, stateful)


def compose_notice(event: Event) -> dict[str, Any]:
    """Write what people and programs are told of a fleet that has ended."""
    state = event["state"]
    told = notice.compose(state, event["execution"], instant(event["now"]))
    return {**told.to_state(), "outcome": notice.outcome_of(state["results"]), "summary": told.subject}
