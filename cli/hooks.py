"""The lifecycle hook that lets a drain hold an instance: what it should be, what it is, and the difference. Pure.

Bounds are AWS's: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.duration import in_short, parse_duration
from chalicelib.explain.words import spell
from chalicelib.model import LifecycleHook
from chalicelib.policy import metadata_source, resolve
from chalicelib.policy.deadline import CEILING_MARGIN, LATEST_START, hook_ceiling
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
        before = {
            "heartbeat timeout": in_short(timedelta(seconds=there.heartbeat_timeout_seconds)),
            "default result": there.default_result,
            "metadata": _normal(there.notification_metadata),
        }
        after = {
            "heartbeat timeout": in_short(self.heartbeat),
            "default result": RESULT,
            "metadata": _normal(self.metadata_text if self.metadata else None),
        }
        return tuple(
            f"hook {self.name}: {what} {before[what]} -> {after[what]}"
            for what in before
            if before[what] != after[what]
        )


def _normal(metadata: str | None) -> str:
    """Return JSON in one spelling, so that two spellings of the same settings are the same."""
    try:
        return json.dumps(json.loads(metadata or "{}"), sort_keys=True)
    except ValueError:
        return metadata or "{}"


def wanted_hook(group: str, name: str, heartbeat: str, settings: Mapping[str, str | None]) -> WantedHook:
    """Return the hook that the operator asks for; raises Halt with what is wrong about it."""
    try:
        timeout = parse_duration(heartbeat)
    except ValueError as refusal:
        raise Halt(f"--heartbeat: {refusal}", code=ExitCode.USAGE) from None
    if not SHORTEST <= timeout <= LONGEST:
        bounds = f"{in_short(SHORTEST)} to {in_short(LONGEST)}"
        raise Halt(f"--heartbeat {heartbeat}: Auto Scaling takes {bounds}", code=ExitCode.USAGE)
    metadata = {key: value for key, value in settings.items() if value is not None}
    hook = WantedHook(group, name, timeout, metadata)
    resolved = resolve([metadata_source(hook.metadata_text, name)])
    notices = [*resolved.notices, *_too_short(timeout, resolved.policy.deadline)]
    if notices:
        raise Halt("\n  ".join(["The hook would contradict itself:", *notices]), code=ExitCode.USAGE)
    return hook


def _too_short(timeout: timedelta, deadline: timedelta) -> list[str]:
    ceiling = hook_ceiling(timeout)
    if ceiling - LATEST_START - CEILING_MARGIN >= deadline:
        return []
    return [
        f"with a heartbeat timeout of {spell(timeout)} it holds an instance for {spell(ceiling)} at most, which is too "
        f"short for a deadline of {spell(deadline)}: give a longer --heartbeat"
    ]
