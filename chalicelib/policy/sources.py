"""Where settings come from, each read into one form: the setting's name, its value, how it was spelt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from chalicelib.common.wording import did_you_mean, one_line, shown
from chalicelib.policy.table import BY_NAME

VARIABLE_PREFIX = "ECS_DRAINER_"
STAGE_VARIABLES = frozenset(
    {
        "ECS_DRAINER_CLUSTERS",
        "ECS_DRAINER_HOOKS",
        "ECS_DRAINER_TOPICS",
        "ECS_DRAINER_QUEUES",
        "ECS_DRAINER_EVENT_BUS",
        "ECS_DRAINER_HTTPS_NOTICES",
    }
)
"""Those of the stage itself, which `chalicelib.policy.settings` reads: no policy of a single drain."""
TAG_PREFIX = "ecs-drainer:"
DEFAULTS = "built-in default"


@dataclass(frozen=True, slots=True)
class Source:
    """What one place says about the policy; values are as they were found, right or wrong."""

    name: str
    """As the operator is told it: "tags of Auto Scaling group web"."""
    values: Mapping[str, object] = field(default_factory=dict)
    """By the name of the setting."""
    spelling: Mapping[str, str] = field(default_factory=dict)
    """How a name was written there, where that differs: `ECS_DRAINER_DEADLINE`."""
    notices: tuple[str, ...] = ()
    """What could not even be read."""
    manual: bool = False
    """Whether a person asked for this drain in these words, so that settings of manual drains count."""
    is_of_stage: bool = False
    """Whether whoever deployed the stage wrote it, who decides what others may reach."""

    def spelt(self, name: str) -> str:
        """Return the name of a setting as it stands in this source."""
        return self.spelling.get(name, name)


def environment_source(environ: Mapping[str, str]) -> Source:
    """Read the variables `ECS_DRAINER_<SETTING>`; an empty one counts as not set."""
    ours = {key: value for key, value in environ.items() if key.startswith(VARIABLE_PREFIX)}
    given = {key: value for key, value in ours.items() if value.strip() and key not in STAGE_VARIABLES}
    return replace(_source("the stage's environment", given, len(VARIABLE_PREFIX)), is_of_stage=True)


def tag_source(tags: Mapping[str, str], auto_scaling_group: str) -> Source:
    """Read the tags `ecs-drainer:<setting>` of an Auto Scaling group."""
    given = {key: value for key, value in tags.items() if key.lower().startswith(TAG_PREFIX)}
    return _source(f"tags of Auto Scaling group {one_line(auto_scaling_group)}", given, len(TAG_PREFIX))


def metadata_source(notification_metadata: str | None, hook: str) -> Source:
    """Read the JSON object in a lifecycle hook's NotificationMetadata (at most 4,000 characters).

    https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html
    """
    name = f"NotificationMetadata of hook {one_line(hook)}"
    if not (notification_metadata or "").strip():
        return Source(name)
    try:
        given = json.loads(notification_metadata or "")
    except (ValueError, RecursionError):  # the latter for 4,000 opening brackets
        given = None
    if not isinstance(given, dict):
        found = f"{name} is {shown(notification_metadata)}, which is no JSON object"
        return Source(name, notices=(f'{found}: expected settings such as {{"deadline": "30m"}}; ignored.',))
    return _source(name, given)


def manual_source(requested: Mapping[str, object]) -> Source:
    """Read the settings of a manual request."""
    return Source("the manual request", dict(requested), manual=True)


def spot_source() -> Source:
    """Return what a Spot interruption asks for: frequent looks, and tasks stopped rather than cut off.

    Two minutes are left, and no lifecycle hook prolongs them:
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
    """
    hurry = {"deadline": "2m", "poll": "5s", "on_deadline": "stop-tasks", "stuck_after": "1m"}
    hurry |= {"on_closed_gates": "drain"}
    return Source("the Spot interruption", hurry)


def _source(name: str, given: Mapping[str, object], prefix_length: int = 0) -> Source:
    """Read what stands in a place, accepting `on-deadline` and `ON_DEADLINE` for `on_deadline`.

    Where one is given in two spellings, the last of them in alphabetical order stands, and that is said.
    """
    settings = {written: _canonical(written[prefix_length:]) for written in sorted(given)}
    spelling = {setting: written for written, setting in settings.items()}
    values = {setting: given[written] for setting, written in spelling.items()}
    losers = [written for written, setting in settings.items() if spelling[setting] != written]
    notices = tuple(
        f"{written} in {name} counts for nothing beside {spelling[settings[written]]}." for written in losers
    )
    return Source(name, values, spelling, notices)


def _canonical(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def unknown_setting(source: Source, name: str) -> str:
    """Return the sentence about a name that no setting has."""
    known = [setting for setting in BY_NAME if source.manual or not BY_NAME[setting].manual_only]
    near = did_you_mean(name, known)
    return f"{shown(source.spelt(name))} in {source.name} is no setting{near}; ignored."
