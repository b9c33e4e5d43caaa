"""The settings, each one field of the policy that declares all of it: type, default, parser, meaning.

Validation, tags, environment, hook metadata, the machine's JSON, the options of the command line and the documented
table come from here: a new setting is one field and its use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

from chalicelib.common.carried import Carried
from chalicelib.common.duration import EXPECTED, in_words, whole_seconds
from chalicelib.common.errors import InvalidPolicy
from chalicelib.common.trigger import OPTIONAL_TRIGGERS, Trigger
from chalicelib.common.wording import one_of
from chalicelib.policy import parsers
from chalicelib.policy.values import (
    AfterDrain,
    Daemons,
    DrainBudget,
    Gates,
    ManagedDraining,
    OnClosedGates,
    OnDeadline,
    PollSchedule,
    StandaloneTasks,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table."""

    name: str = ""
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
    words: tuple[str, ...] = ()
    """All that may be chosen, where that is a few words."""
    manual_only: bool = False
    """Whether only a manual request may set it."""
    flags: tuple[str, ...] = ()
    """What the option of the command line is called beside its name."""

    def told(self, value: Any) -> str:
        """Return a typed value as a sentence tells it."""
        return in_words(value) if isinstance(value, timedelta) else str(self.write(value) or self.default)

    @property
    def state_key(self) -> str:
        """The setting's key in the state machine's JSON, which carries the unit."""
        return f"{self.name}_{self.unit}" if self.unit else self.name


def _row(default: str, parse: Callable[[object], Any], accepts: str, meaning: str, **more: Any) -> Any:
    row = Setting(default=default, parse=parse, accepts=accepts, meaning=meaning, **more)
    return field(metadata={"setting": row})


def _duration(default: str, shortest: timedelta, longest: timedelta, meaning: str, **more: Any) -> Any:
    parse = parsers.duration_between(shortest, longest)
    return _row(default, parse, EXPECTED, meaning, write=whole_seconds, unit="seconds", **more)


def _choice(default: str, kind: Any, meaning: str, **more: Any) -> Any:
    accepts = one_of(f"`{word}`" for word in kind)
    return _row(default, parsers.choice_of(kind), accepts, meaning, words=tuple(map(str, kind)), **more)


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainPolicy(Carried):
    """What a drain does: every choice that a person may make, in one frozen value."""

    cluster: str | None = _row(
        "found",
        parsers.cluster,
        "a cluster's name or ARN, or `found`",
        "Where the container instance is registered; found by its EC2 instance id in the stage's clusters.",
        write=lambda name: name,
    )
    # No lifecycle hook holds longer than 48 h, and less than half a minute would be a typo that kills tasks:
    # https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
    deadline: timedelta = _duration(
        "1h",
        _MINUTE / 2,
        48 * _HOUR,
        "When waiting ends, from the start of the drain; never later than the hook's ceiling less a margin.",
        flags=("-d",),
    )
    on_deadline: OnDeadline = _choice(
        "continue",
        OnDeadline,
        "What is done at the deadline; `continue` is `keep` where nothing waits for an answer. `abandon` only where "
        "the group's retention policy keeps the instance, `keep` only without a lifecycle action.",
    )
    standalone_tasks: StandaloneTasks = _row(
        "wait",
        parsers.standalone_tasks,
        "`wait`, `stop`, `stop-after <duration>` or `ignore`",
        "What is done about tasks started with RunTask or StartTask, which DRAINING leaves alone.",
        flags=("--standalone",),
    )
    daemons: Daemons = _choice(
        "last",
        Daemons,
        "Tasks of DAEMON services: counted apart and held for their stop timeout at most, or not waited for.",
    )
    dead_agent_after: timedelta = _duration(
        "5m",
        _MINUTE,
        48 * _HOUR,
        "The agent disconnected for so long: stop waiting for tasks that can't be stopped, and say so.",
    )
    poll: PollSchedule = _row(
        "5s 60s 300s",
        parsers.poll_schedule,
        parsers.POLL_EXPECTED,
        "The waits between looks where no event tells: the shortest, the longest, and the longest after two hours; or "
        "always the same, and then no event is waited for.",
    )
    stuck_after: timedelta = _duration(
        "10m", _MINUTE, 48 * _HOUR, "No progress for so long: explain and notify."
    )
    managed_draining: ManagedDraining = _choice(
        "observe",
        ManagedDraining,
        "Where the capacity provider drains already: only watch, explain and notify, or set DRAINING too.",
    )
    notify: str = _row(
        "stage",
        parsers.notify,
        "`stage`, `none` or an SNS topic's ARN",
        "Where it is said that a drain started, is stuck, nears its deadline, is done or failed.",
    )
    triggers: frozenset[Trigger] = _row(
        "spot-interruption",
        parsers.triggers,
        f"any of {', '.join(f'`{word}`' for word in OPTIONAL_TRIGGERS)}; `all` or `none`",
        "Which warnings of EC2 and AWS Health start a drain, and whether ECS's own (managed draining) are watched; "
        "lifecycle actions and people always start one.",
        write=lambda chosen: " ".join(sorted(chosen)) or "none",
    )
    # Off, because looking for tags costs each drain three calls: docs/decisions/gates-are-asked-for.md
    gates: Gates = _choice(
        "off",
        Gates,
        "Where the tags of stateful services are read before DRAINING is set: quorum, queues, sign-off, standby.",
    )
    on_closed_gates: OnClosedGates = _choice(
        "give-up",
        OnClosedGates,
        "A gate still closed when time is over: end with the instance untouched, or drain it all the same.",
    )
    max_concurrent_drains: DrainBudget = _row(
        "unlimited",
        parsers.drain_budget,
        parsers.BUDGET_EXPECTED,
        "How many drains a cluster, or each of its Availability Zones, bears at once; the others wait.",
    )
    then: AfterDrain = _choice(
        "keep",
        AfterDrain,
        "What follows a manual drain: leave it DRAINING, terminate it, or set it ACTIVE again.",
        manual_only=True,
    )

    @classmethod
    def default(cls) -> DrainPolicy:
        """Return the policy of a drain that nobody configured."""
        return cls(**{setting.name: setting.parse(setting.default) for setting in SETTINGS})

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> DrainPolicy:
        """Read what `to_state` wrote; raises InvalidPolicy naming the setting that is missing or wrong."""
        values = {}
        for setting in SETTINGS:
            try:
                values[setting.name] = setting.parse(state[setting.state_key])
            except KeyError:
                raise InvalidPolicy(f"the state's policy lacks {setting.state_key}") from None
            except ValueError as refusal:
                raise InvalidPolicy(f"{setting.state_key} of the state's policy: {refusal}") from None
        return cls(**values)

    def to_state(self) -> dict[str, Any]:
        """Return the JSON that the state machine carries: durations in whole seconds, choices as words."""
        return {setting.state_key: setting.write(getattr(self, setting.name)) for setting in SETTINGS}

    def admits(self, trigger: Trigger) -> bool:
        """Whether this trigger may start a drain: some need the stage's or the group's consent."""
        return not trigger.is_optional or trigger in self.triggers


SETTINGS: tuple[Setting, ...] = tuple(
    replace(each.metadata["setting"], name=each.name) for each in fields(DrainPolicy)
)
"""In the order in which they are read: one may depend on those before it."""

BY_NAME = {setting.name: setting for setting in SETTINGS}


def settings_table() -> str:
    """Return the table of settings as Markdown, for the documentation."""
    rows = ["| setting | default | accepts | meaning |", "|---|---|---|---|"]
    rows += [
        f"| `{setting.name}`{' (manual request only)' if setting.manual_only else ''} "
        f"| `{setting.default}` | {setting.accepts} | {setting.meaning} |"
        for setting in SETTINGS
    ]
    return "\n".join(rows) + "\n"
