"""Lifecycle actions: while one is open its instance waits; it ends by word, by time or with its siblings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from moto.autoscaling.exceptions import ValidationError

from embedded_aws.agenda import Timer
from embedded_aws.autoscaling import activities
from embedded_aws.autoscaling.activities import Route, emit
from embedded_aws.autoscaling.hooks import LAUNCHING, TERMINATING, Hook
from embedded_aws.autoscaling.members import GroupInstance, behaviour, fresh_uuid
from embedded_aws.autoscaling.notification_targets import letterhead, send
from embedded_aws.aws import current, later, now

CONTINUE, ABANDON = "CONTINUE", "ABANDON"
ANNOUNCEMENT_SECONDS = 1.0
"""Between the start of a lifecycle action and its event; AWS promises no time."""


@dataclass(eq=False)
class LifecycleAction:
    """What one hook asks of somebody for one instance."""

    hook: Hook
    member: GroupInstance
    token: str
    heartbeat: timedelta
    ends_at: datetime
    """The global timeout: no heartbeat carries the action past it."""
    default_result: str
    timer: Timer | None = None

    def beat(self, expire: Callable[[], None]) -> None:
        """Start the heartbeat timeout anew, in full, within the global timeout."""
        self.cancel()
        due = min(now() + self.heartbeat, self.ends_at)
        label = f"{self.hook.name} of {self.member.instance_id} times out"
        self.timer = later((due - now()).total_seconds(), expire, label)

    def cancel(self) -> None:
        """Stop its timer."""
        if self.timer:
            self.timer.cancel()


def announce(action: LifecycleAction, route: Route) -> None:
    """Tell EventBridge, and the hook's own target where it has one, of a lifecycle action."""
    hook, group = action.hook, action.member.group
    kind = "terminate" if hook.lifecycle_transition == TERMINATING else "launch"
    detail = {
        "LifecycleActionToken": action.token,
        "AutoScalingGroupName": group.name,
        "LifecycleHookName": hook.name,
        "EC2InstanceId": action.member.instance_id,
        "LifecycleTransition": hook.lifecycle_transition,
        **({"NotificationMetadata": hook.notification_metadata} if hook.notification_metadata else {}),
        **route.fields(),
    }
    message = {**letterhead(group), **detail}

    def tell() -> None:
        emit(group, f"EC2 Instance-{kind} Lifecycle Action", detail)
        send(hook, group, message)

    later(ANNOUNCEMENT_SECONDS, tell, f"announce {hook.name} of {action.member.instance_id}")


@dataclass(eq=False)
class LifecycleWait:
    """An instance in a wait state: an action for each hook on its transition, all at once; what follows."""

    member: GroupInstance
    transition: str
    route: Route
    then: Callable[[str], None]
    """Called with CONTINUE once every action is complete, with ABANDON as soon as one is abandoned."""
    actions: list[LifecycleAction] = field(default_factory=list)

    def ask(self, hook: Hook) -> None:
        """Open the hook's action and announce it."""
        heartbeat, ceiling = timedelta(seconds=hook.heartbeat_timeout), timedelta(seconds=hook.global_timeout)
        action = LifecycleAction(
            hook, self.member, fresh_uuid(), heartbeat, now() + ceiling, hook.default_result
        )
        self.actions.append(action)
        self.beat(action)
        announce(action, self.route)

    def beat(self, action: LifecycleAction) -> None:
        """Restart the action's heartbeat timeout, after which its default result stands."""
        action.beat(lambda: self.complete(action, action.default_result))

    def complete(self, action: LifecycleAction, result: str) -> None:
        """End an action. CONTINUE lets its siblings go on; ABANDON ends them too.

        User Guide, "Complete a lifecycle action": ABANDON stops the remaining actions of the instance.
        """
        action.cancel()
        self.actions.remove(action)
        if result == ABANDON or not self.actions:
            self.end()
            self.then(result)

    def end(self) -> None:
        """Forget the wait and all of its actions that are still open."""
        for action in self.actions:
            action.cancel()
        waits().remove(self)


def waits() -> list[LifecycleWait]:
    """Return every wait that the running embedded AWS holds an instance in."""
    return current().part("autoscaling.waits", list[LifecycleWait])


def wait(
    member: GroupInstance, transition: str, state: str, route: Route, then: Callable[[str], None]
) -> None:
    """Hold an instance in `state` until the hooks on the transition are done with it, if there are any."""
    hooks = member.group.hooks(transition)
    if not hooks:
        then(CONTINUE)
        return
    member.lifecycle_state = state
    activities.mark(member, "MidLifecycleAction")
    waiting = LifecycleWait(member, transition, route, then)
    waits().append(waiting)
    for hook in hooks:
        waiting.ask(hook)


def call_off(member: GroupInstance) -> None:
    """End what the instance waits for, with no result."""
    for waiting in [one for one in waits() if one.member is member]:
        waiting.end()


def find(request: dict[str, Any]) -> tuple[LifecycleWait, LifecycleAction]:
    """Return the open action that a request names by token or instance or both; raises ValidationError."""
    token, instance_id = request.get("LifecycleActionToken"), request.get("InstanceId")
    if not (token or instance_id):
        raise ValidationError("Either the lifecycle action token or the instance ID must be specified")
    for waiting in waits():
        for action in waiting.actions:
            if _is_meant(action, request, token, instance_id):
                return waiting, action
    meant = f"token {token}" if token else f"instance ID {instance_id}"
    raise ValidationError(f"No active Lifecycle Action found with {meant}")


def finish_all_of(hook: Hook) -> None:
    """Complete what a deleted hook still asks: ABANDON for launches, CONTINUE for terminations (API)."""
    result = ABANDON if hook.lifecycle_transition == LAUNCHING else CONTINUE
    for waiting in list(waits()):
        for action in [one for one in waiting.actions if _is_of(one, hook)]:
            waiting.complete(action, result)


def _is_of(action: LifecycleAction, hook: Hook) -> bool:
    asked: Hook = action.hook
    return (asked.auto_scaling_group_name, asked.name) == (hook.auto_scaling_group_name, hook.name)


def _is_meant(
    action: LifecycleAction, request: dict[str, Any], token: str | None, instance_id: str | None
) -> bool:
    group, hook = request["AutoScalingGroupName"], request["LifecycleHookName"]
    return (
        (action.member.group.name, action.hook.name) == (group, hook)
        and token in (None, "", action.token)
        and (instance_id in (None, "", action.member.instance_id) or _token_suffices(token))
    )


def _token_suffices(token: str | None) -> bool:
    return bool(token) and behaviour().tokens_suit_any_instance
