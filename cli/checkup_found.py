"""What `ecs-drainer doctor` judges, and what it complains of: values, which know neither rules nor AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.common.model import AutoScalingGroup, LifecycleHook
from chalicelib.explain.capacity import Provider
from chalicelib.policy import Circumstances, Resolved, metadata_source, resolve, tag_source
from chalicelib.policy.settings import Settings
from cli.hooks import acted_on

FUNCTIONS = (
    *(
        "start_drain",
        "start_manual_drain",
        "plan_drain",
        "look",
        "explain",
        "stop_tasks",
        "plan_fleet",
        "sign_off",
    ),
    *("wake", "tell", "compose_notice", "return_to_service", "reconcile"),
)
"""Every function that is deployed; a test compares them with .chalice/config.json."""

TRIGGERED = {
    "start_drain": "lifecycle events start no drain",
    "return_to_service": "instances back from a warm pool stay DRAINING until the reconciler sees them",
    "reconcile": "lost events are never found",
}
"""The functions that an event rule calls, with what it means if none does; a test compares them with app.py."""


class Level(StrEnum):
    """How bad a complaint is."""

    ERROR = "error"
    WARNING = "warning"
    ADVICE = "advice"
    """Nothing is wrong, and one way is recommended before another."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is missing or contradicts another."""

    level: Level
    subject: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsWay:
    """What was found of the way that ECS's events take to the drains that wait."""

    rule: str = "ENABLED"
    """`ENABLED`, `DISABLED` or `missing`."""
    aims_at_queue: bool = True
    waiting: int | None = 0
    """Messages in the queue; None where there is no queue."""
    lets_events_in: bool = True
    """Whether the queue's policy lets EventBridge send to it."""
    mapping: str = "Enabled"
    """The state of the event source mapping, as Lambda words it, or `missing`."""
    is_late: bool = False
    """Whether the alarm on the age of the oldest message rings."""
    dead_letters: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What was found of whom the stage tells."""

    listeners: tuple[int, int] | None = (1, 0)
    """Subscriptions of the alarms' topic, confirmed and to be confirmed; None where there is no topic."""
    lacks_bus: str | None = None
    """The EventBridge bus that the settings name, where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What was found of the stage itself."""

    stage: str
    has_state_machine: bool = True
    has_fleet_machine: bool = True
    missing_functions: tuple[str, ...] = ()
    """AWS names of functions that the state machine or a trigger needs."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """By function of app.py: `ENABLED`, `DISABLED` or `missing`."""
    has_ledger: bool = True
    dead_letters: int | None = 0
    """Messages in the dead-letter queue; None where there is no queue."""
    events: EventsWay = field(default_factory=EventsWay)
    telling: Telling = field(default_factory=Telling)
    settings: Settings = field(default_factory=Settings)
    unknown_clusters: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """What the caller may not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a group's drains meet beyond its hooks."""

    providers: tuple[Provider, ...] = ()
    """The capacity providers of its instances."""
    attached: tuple[str, ...] = ()
    """Target groups and classic load balancers that are attached to the group itself."""
    suspended: frozenset[str] = frozenset()
    """Its suspended processes."""
    healthy_percents: tuple[int, int] | None = None
    """Least and most percent healthy of its instance maintenance policy; None without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What was found of one Auto Scaling group with container instances."""

    group: AutoScalingGroup
    hooks: tuple[LifecycleHook, ...] = ()
    """On termination."""
    managed_draining_by: str | None = None
    """The capacity provider whose managed draining is on."""
    capacity: Capacity = field(default_factory=Capacity)
    user_data: str = ""
    """Of its launch template, decoded; empty where there is none or it may not be read."""
    stateful: tuple[str, ...] = ()
    """Services with tasks on its instances that carry tags of stateful services, or whose tasks do."""
    settings: Settings = field(default_factory=Settings)
    """The stage's."""

    @property
    def ours(self) -> tuple[LifecycleHook, ...]:
        """The hooks that the stage acts on."""
        return acted_on(self.hooks, self.settings)

    def resolved(self, hook: LifecycleHook | None = None) -> Resolved:
        """Return the policy of a drain of this group under one of its hooks, or of any where none is given."""
        sources = [self.settings.policy, tag_source(self.group.tags, self.group.name)]
        if hook is None:
            return resolve(sources)
        return resolve([*sources, metadata_source(hook.notification_metadata, hook.name)], self.at_hook)

    @property
    def at_hook(self) -> Circumstances:
        """What makes some settings impossible for a drain that one of its hooks holds."""
        return Circumstances(
            lifecycle_action=True,
            retained_on_abandon=self.group.retains_on_abandon,
            reach=self.settings.reach,
        )
