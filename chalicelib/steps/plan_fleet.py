"""Plans a fleet for "Plan the fleet": which instances, and whether the rest of the cluster has room."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from chalicelib.common.model import instant
from chalicelib.common.telemetry import logger
from chalicelib.fleet.plan import plan, refuse_too_large
from chalicelib.fleet.request import parse_fleet
from chalicelib.fleet.room import room_for
from chalicelib.gateways.fleet import read_own_turn, read_policies, read_surroundings
from chalicelib.gateways.patience import patient
from chalicelib.policy import manual_source
from chalicelib.policy.settings import Settings

Event = Mapping[str, Any]


@patient()
def plan_fleet(event: Event) -> dict[str, Any]:
    """Find the fleet's instances and whether the rest of the cluster has room for their tasks; touches nothing."""
    request = parse_fleet(event["request"])
    settings = Settings.from_environment(os.environ)
    found = read_surroundings(set(request.instances), settings.clusters)
    own_turn = {}
    if not request.may_hop:
        known = {member.instance_id for each in found for member in each.members}
        asked = manual_source(request.settings)
        own_turn = read_own_turn(found, read_policies(known, settings.policy, asked))
    planned = plan(
        event["name"],
        request,
        [member for each in found for member in each.members],
        [cramped for each in found for cramped in room_for(each.world, each.doomed)],
        topic=event["topic"],
        began_at=instant(event["started_at"]),
        own_turn=own_turn,
    )
    refuse_too_large(planned)
    logger.info(planned.room, extra={"fleet": planned.name, "verdict": planned.verdict})
    return planned.to_state()
