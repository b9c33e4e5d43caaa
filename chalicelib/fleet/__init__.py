"""Fleets: many instances drained at once, some at a time, without moving a task from one of them to another."""

from chalicelib.fleet.plan import FleetPlan, Member, plan
from chalicelib.fleet.request import FleetRequest, parse_fleet
from chalicelib.fleet.room import Cramped, room_for

__all__ = ["Cramped", "FleetPlan", "FleetRequest", "Member", "parse_fleet", "plan", "room_for"]
