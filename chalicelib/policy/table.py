"""The settings, each declared once: name, default, parser, meaning; the documented table comes from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from chalicelib.common.duration import EXPECTED, in_words, whole_seconds
from chalicelib.common.trigger import OPTIONAL_TRIGGERS
from chalicelib.common.wording import one_of
from chalicelib.policy import parsers
from chalicelib.policy.values import AfterDrain, Daemons, Gates, ManagedDraining, OnClosedGates, OnDeadline


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    default: str
    """As a person would write it; read by `parse` like any other value."""
    parse: Callable[[object], Any]
    """From any JSON value to the typed one; raises ValueError."""
    accepts: str
    meaning: str
    write: Callable[[Any], Any] = str
    """From the typed value to the JSON that the state machine carries; `parse` reads it back."""
    unit: str = ""
    """`seconds` where the state machine carries a number of them."""
    manual_only: bool = field(default=False)
    """Whether only a manual request may set it."""

    def told(self, value: Any) -> str:
        """Return a typed value as a sentence tells it."""
        return in_words(value) if isinstance(value, timedelta) else str(self.write(value) or self.default)

    @property
    def state_key(self) -> str:
        """The setting's key in the state machine's JSON, which carries the unit."""
        return f"{self.name}_{self.unit}" if self.unit else self.name


def _duration(name: str, default: str, shortest: timedelta, longest: timedelta, meaning: str) -> Setting:
    parse = parsers.duration_between(shortest, longest)
    return Setting(name, default, parse, EXPECTED, meaning, write=whole_seconds, unit="seconds")


def _choice(name: str, default: str, kind: Any, meaning: str, manual_only: bool = False) -> Setting:
    accepts = one_of(f"`{word}`" for word in kind)
    return Setting(name, default, parsers.choice_of(kind), accepts, meaning, manual_only=manual_only)


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "cluster",
        "found",
        parsers.cluster,
        "a cluster's name or ARN, or `found`",
        "Where the container instance is registered; found by its EC2 instance id in the stage's clusters.",
        write=lambda name: name,
    ),
    # No lifecycle hook holds longer than 48 h, and less than half a minute would be a typo that kills tasks:
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
    _duration(
        "deadline",
        "1h",
        _MINUTE / 2,
        48 * _HOUR,
        "When waiting ends, from the start of the drain; never later than the hook's ceiling less a margin.",
    ),
    _choice(
        "on_deadline",
        "continue",
        OnDeadline,
        "What is done at the deadline. `abandon` only where the group's retention policy keeps the instance, "
        "`keep` only without a lifecycle action.",
    ),
    Setting(
        "standalone_tasks",
        "wait",
        parsers.standalone_tasks,
        "`wait`, `stop`, `stop-after <duration>` or `ignore`",
        "What is done about tasks started with RunTask or StartTask, which DRAINING leaves alone.",
    ),
    _choice(
        "daemons",
        "last",
        Daemons,
        "Tasks of DAEMON services: counted apart and held for their stop timeout at most, or not waited for.",
    ),
    _duration(
        "dead_agent_after",
        "5m",
        _MINUTE,
        48 * _HOUR,
        "The agent disconnected for so long: stop waiting for tasks that can't be stopped, and say so.",
    ),
    Setting(
        "poll",
        "5s 60s 300s",
        parsers.poll_schedule,
        parsers.POLL_EXPECTED,
        "The waits between looks where no event tells: the shortest, the longest, and the longest after two hours; or "
        "always the same, and then no event is waited for.",
    ),
    _duration("stuck_after", "10m", _MINUTE, 48 * _HOUR, "No progress for so long: explain and notify."),
    _choice(
        "managed_draining",
        "observe",
        ManagedDraining,
        "Where the capacity provider drains already: only watch, explain and notify, or set DRAINING too.",
    ),
    Setting(
        "notify",
        "stage",
        parsers.notify,
        "`stage`, `none` or an SNS topic's ARN",
        "Where it is said that a drain started, is stuck, nears its deadline, is done or failed.",
    ),
    Setting(
        "triggers",
        "spot-interruption",
        parsers.triggers,
        f"any of {', '.join(f'`{word}`' for word in OPTIONAL_TRIGGERS)}; `all` or `none`",
        "Which warnings of EC2 and AWS Health start a drain; lifecycle actions and people always do.",
        write=lambda chosen: " ".join(sorted(chosen)) or "none",
    ),
    # Off, because looking for tags costs each drain three calls: docs/decisions/gates-are-asked-for.md
    _choice(
        "gates",
        "off",
        Gates,
        "Where the tags of stateful services are read before DRAINING is set: quorum, queues, sign-off, standby.",
    ),
    _choice(
        "on_closed_gates",
        "give-up",
        OnClosedGates,
        "A gate still closed when time is over: end with the instance untouched, or drain it all the same.",
    ),
    Setting(
        "max_concurrent_drains",
        "unlimited",
        parsers.drain_budget,
        parsers.BUDGET_EXPECTED,
        "How many drains a cluster, or each of its Availability Zones, bears at once; the others wait.",
    ),
    _choice(
        "then",
        "keep",
        AfterDrain,
        "What follows a manual drain: leave it DRAINING, terminate it, or set it ACTIVE again.",
        manual_only=True,
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}


def defaults() -> dict[str, Any]:
    """Return the built-in value of every setting."""
    return {setting.name: setting.parse(setting.default) for setting in SETTINGS}


def settings_table() -> str:
    """Return the table of settings as Markdown, for the documentation."""
    rows = ["| setting | default | accepts | meaning |", "|---|---|---|---|"]
    rows += [
        f"| `{setting.name}`{' (manual request only)' if setting.manual_only else ''} "
        f"| `{setting.default}` | {setting.accepts} | {setting.meaning} |"
        for setting in SETTINGS
    ]
    return "\n".join(rows) + "\n"
