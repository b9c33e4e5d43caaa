"""EventBridge: events reach their targets, late, twice or not at all, as rules, policies and retries say."""

from embedded_aws.eventbridge.bus import emit, install
from embedded_aws.eventbridge.ecs_delivery import EcsDelivery
from embedded_aws.eventbridge.state import Mishap, events_state

__all__ = ["EcsDelivery", "Mishap", "emit", "events_state", "install"]
