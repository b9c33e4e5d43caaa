"""EventBridge: events reach their targets, late, twice or not at all, as rules, policies and retries say."""

from simulator.eventbridge.bus import emit, install
from simulator.eventbridge.ecs_delivery import EcsDelivery
from simulator.eventbridge.state import Mishap, events_state

__all__ = ["EcsDelivery", "Mishap", "emit", "events_state", "install"]
