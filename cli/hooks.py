"""The lifecycle hook that lets a drain hold an instance: what it should be, what it is, and the difference. Pure.

Bounds are AWS's: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.common.duration import in_short, parse_duration
from chalicelib.common.model import LifecycleHook
from chalicelib.events import LifecycleAction
from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK
from chalicelib.explain.words import spell
from chalicelib.policy import Circumstances, Reach, Source, metadata_source, resolve
from chalicelib.policy.deadline import CEILING_MARGIN, LATEST_START, hook_ceiling
from chalicelib.policy.settings import Settings
from chalicelib.policy.table import BY_NAME
from cli.exit_codes import ExitCode
from cli.problems import Halt

DEFAULT_NAME = "ecs-drainer"
DEFAULT_HEARTBEAT = "15m"
SHORTEST, LONGEST = timedelta(seconds=30), timedelta(hours=2)
TRANSITION = "autoscaling:EC2_INSTANCE_TERMINATING"
RESULT = "CONTINUE"
"""ABANDON would stop the other hooks of the group at once, ECS's managed draining among them:

https://docs.aws.amazon.com/autoscaling/ec2/userguide/completing-lifecycle-hooks.html
"""


@dataclass(frozen=True, slots=True)
class WantedHook:
    """The hook as it should be."""

    group: str
    name: str
    heartbeat: timedelta
    metadata: Mapping[str, Any]

    @property
    def parameters(self) -> dict[str, Any]:
        """What PutLifecycleHook takes; without a target, since EventBridge is told of every hook."""
        metadata = {"NotificationMetadata": self.metadata_text} if self.metadata else {}
        return {
            "AutoScalingGroupName": self.group,
            "LifecycleHookName": self.name,
            "LifecycleTransition": TRANSITION,
            "HeartbeatTimeout": int(self.heartbeat.total_seconds()),
            "DefaultResult": RESULT,
            **metadata,
        }

    @property
    def metadata_text(self) -> str:
        """The settings as the drain reads them from the lifecycle event."""
        return json.dumps(dict(self.metadata), sort_keys=True)

    def differences(self, there: LifecycleHook | None) -> tuple[str, ...]:
        """Return what would change, a line each; nothing where the hook is as it should be."""
        if there is None:
            metadata = f", metadata {self.metadata_text}" if self.metadata else ""
            heartbeat = in_short(self.heartbeat)
            return (
                f"hook {self.name}: new, heartbeat timeout {heartbeat}, default result {RESULT}{metadata}",
            )
        timeout = timedelta(seconds=there.heartbeat_timeout_seconds)
        pairs = (
            ("heartbeat timeout", in_short(timeout), in_short(self.heartbeat)),
            ("default result", there.default_result, RESULT),
            ("metadata", json.dumps(settings_of(there), sort_keys=True), self.metadata_text),
        )
        return tuple(f"hook {self.name}: {what} {old} -> {new}" for what, old, new in pairs if old != new)


def settings_of(there: LifecycleHook | None) -> dict[str, Any]:
    """Return the settings in a hook's metadata; none where it holds something else, which drains pass over too."""
    try:
        found = json.loads((there and there.notification_metadata) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def acted_on(hooks: Iterable[LifecycleHook], settings: Settings) -> tuple[LifecycleHook, ...]:
    """Return those of a group's terminating hooks that a stage acts on."""
    return tuple(hook for hook in hooks if is_acted_on(hook, settings))


def is_acted_on(hook: LifecycleHook, settings: Settings) -> bool:
    """Whether a stage with these settings acts on a hook; ECS's own is ECS's to complete."""
    action = LifecycleAction(auto_scaling_group=hook.auto_scaling_group, hook=hook.name)
    return hook.name != MANAGED_DRAINING_HOOK and settings.why_not_ours(action) is None


def hook_to_write(group: str, asked: str | None, ours: tuple[LifecycleHook, ...]) -> str:
    """Return the name of the hook to put: the one asked for, else the one the stage acts on, else a new one's.

    Raises Halt where the stage acts on several: a second hook's settings may never count, as the first event wins.
    """
    if asked:
        return asked
    if len(ours) > 1:
        names = ", ".join(sorted(hook.name for hook in ours))
        sentence = f"The stage acts on {len(ours)} terminating hooks of {group}: {names}"
        raise Halt(sentence, "--hook NAME says which is meant", ExitCode.USAGE)
    return ours[0].name if ours else DEFAULT_NAME


def wanted_hook(
    group: str,
    name: str,
    there: LifecycleHook | None,
    *,
    stage: Source,
    heartbeat: str | None,
    settings: Mapping[str, str | None],
    retains: bool = False,
    reach: Reach | None = None,
) -> WantedHook:
    """Return the hook that the operator asks for over the stage's settings; what isn't asked stays as it is there.

    `retains` says whether the group's retention policy keeps an instance whose lifecycle action is abandoned, `reach`
    what a hook's metadata may name.
    Raises Halt with what is wrong about it.
    """
    stays = f"{there.heartbeat_timeout_seconds}s" if there else DEFAULT_HEARTBEAT
    timeout = _heartbeat(heartbeat or stays)
    given = {key: _readable(key, value) for key, value in settings.items() if value is not None}
    hook = WantedHook(group, name, timeout, {**settings_of(there), **given})
    at_hook = Circumstances(lifecycle_action=True, retained_on_abandon=retains, reach=reach)
    resolved, of_the_stage = (
        resolve([stage, metadata_source(hook.metadata_text, name)], at_hook),
        resolve([stage], at_hook),
    )
    notices = [notice for notice in resolved.notices if notice not in of_the_stage.notices]
    notices += _too_short(timeout, resolved.policy.deadline)
    if notices:
        raise Halt("\n  ".join(["The hook would contradict itself:", *notices]), code=ExitCode.USAGE)
    return hook


def _readable(key: str, value: str) -> str:
    try:
        BY_NAME[key].parse(value)
    except ValueError as refusal:
        raise Halt(f"--{key.replace('_', '-')}: {refusal}", code=ExitCode.USAGE) from None
    return value


def _heartbeat(text: str) -> timedelta:
    try:
        timeout = parse_duration(text)
    except ValueError as refusal:
        raise Halt(f"--heartbeat: {refusal}", code=ExitCode.USAGE) from None
    if not SHORTEST <= timeout <= LONGEST:
        bounds = f"{in_short(SHORTEST)} to {in_short(LONGEST)}"
        raise Halt(f"--heartbeat {text}: Auto Scaling takes {bounds}", code=ExitCode.USAGE)
    return timeout


def _too_short(timeout: timedelta, deadline: timedelta) -> list[str]:
    ceiling = hook_ceiling(timeout)
    if ceiling - LATEST_START - CEILING_MARGIN >= deadline:
        return []
    return [
        f"with a heartbeat timeout of {spell(timeout)} it holds an instance for {spell(ceiling)} at most, which is too "
        f"short for a deadline of {spell(deadline)}: give a longer --heartbeat"
    ]
