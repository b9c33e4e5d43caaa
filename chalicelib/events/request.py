"""What every trigger is turned into: the request to drain one instance, or the reason why nothing is asked.

The request becomes the execution's input: it holds nothing that differs between two deliveries of an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.common.carried import Carried
from chalicelib.common.errors import InvalidRequest
from chalicelib.common.trigger import Trigger
from chalicelib.common.wording import one_line
from chalicelib.events.fields import LONGEST_TEXT, Fields

SPELT_OUT = 6 * LONGEST_TEXT
"""Characters of a text that was spelt out: `\\u001b` for one."""

LONGEST_METADATA = 4_000
"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleAction(Carried):
    """One lifecycle action of a terminate hook, as Auto Scaling announced it or the reconciler found it."""

    auto_scaling_group: str
    hook: str
    token: str | None = None
    """36 characters; None where only the instance is known, as in the reconciler."""
    origin: str | None = None
    """Where the instance comes from: `AutoScalingGroup` or `WarmPool`; older messages say nothing."""
    destination: str | None = None
    """Where it goes: `EC2` (terminated), `WarmPool` (kept) or `AutoScalingGroup` (root volume replaced)."""
    action: str | None = None
    """`ReplaceRootVolume` where an instance refresh replaces the root volume."""
    notification_metadata: str | None = None
    """The hook's own text of up to 4,000 characters, which may hold settings as JSON."""

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> LifecycleAction:
        """Read what `DrainRequest.to_state` wrote; raises InvalidRequest."""
        fields = Fields(state, "lifecycle_action of the execution's input", InvalidRequest)
        return cls(
            auto_scaling_group=fields.text("auto_scaling_group", "the Auto Scaling group's name"),
            hook=fields.text("hook", "the lifecycle hook's name"),
            token=fields.token("token") if state.get("token") else None,
            origin=fields.text_or_none("origin", "a place"),
            destination=fields.text_or_none("destination", "a place"),
            action=fields.text_or_none("action", "an action"),
            notification_metadata=fields.text_or_none("notification_metadata", "text", LONGEST_METADATA),
        )

    @property
    def returns_to_warm_pool(self) -> bool:
        """Whether the instance is kept and may come back into service, still DRAINING unless set ACTIVE.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/warm-pools-eventbridge-events.html
        """
        return self.destination == "WarmPool"

    @property
    def replaces_root_volume(self) -> bool:
        """Whether the instance id stays, and its agent registers a new container instance.

        https://docs.aws.amazon.com/autoscaling/ec2/userguide/replace-root-volume.html
        """
        return self.action == "ReplaceRootVolume" or self.destination == "AutoScalingGroup"

    @property
    def terminates(self) -> bool:
        """Whether the instance is terminated when the hook is completed."""
        return not self.returns_to_warm_pool and not self.replaces_root_volume


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainRequest(Carried):
    """The request to drain one EC2 instance."""

    instance_id: str
    trigger: Trigger
    lifecycle_action: LifecycleAction | None = None
    settings: Mapping[str, object] = field(default_factory=dict)
    """The settings that a manual request asks for, as written; `chalicelib.policy` reads them."""
    reason: str | None = None
    """Why, for people: notifications, the ledger."""
    who: str | None = None
    event_at: datetime | None = None
    """When AWS emitted the event; None for lifecycle actions, whose messages differ in it."""
    gone_at: datetime | None = None
    """When AWS takes the instance away whatever we do, where the event says so."""
    idempotency_key: str | None = None
    """A manual caller's own name for this drain, its invocation's, or the action's that it watches.

    The same again starts nothing new.
    """

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> DrainRequest:
        """Return the request that `to_state` wrote; raises InvalidRequest.

        Whoever may start an execution can write any input: one without a trigger is a manual request, and what
        is no field of ours counts as a setting, so that `{"instance_id": "i-…", "deadline": "30m"}` drains too.
        """
        fields = Fields(state, "the execution's input", InvalidRequest)
        told = Fields(
            {name: spelt_out(state.get(name)) for name in ("reason", "who")}, fields.where, InvalidRequest
        )
        action = fields.mapping_or_none("lifecycle_action", "an object")
        written = fields.mapping_or_none("settings", "an object of settings") or {}
        return cls(
            instance_id=fields.instance_id("instance_id"),
            trigger=Trigger(fields.word("trigger", tuple(Trigger)) or Trigger.MANUAL),
            lifecycle_action=LifecycleAction.from_state(action) if action is not None else None,
            settings={**{name: state[name] for name in state if name not in cls.__slots__}, **written},
            reason=told.text_or_none("reason", "some words", SPELT_OUT),
            who=told.text_or_none("who", "a name", SPELT_OUT),
            event_at=fields.at_or_none("event_at"),
            gone_at=fields.at_or_none("gone_at"),
            idempotency_key=fields.text_or_none("idempotency_key", "a key"),
        )


def spelt_out(text: Any) -> Any:
    """Return a text of an execution's input on one harmless line: an event brought it, whose drain must begin."""
    return one_line(text) if isinstance(text, str) else text


@dataclass(frozen=True, slots=True)
class Ignored:
    """An event that is understood and asks for no drain."""

    reason: str
    instance_id: str | None = None
    back_in_service: bool = False
    """Whether an instance left the warm pool for service: one that we drained must be set ACTIVE again."""


Outcome = DrainRequest | Ignored
