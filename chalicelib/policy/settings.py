"""The stage's own settings, read once from the Lambda's environment (`environment_variables` of config.json).

    ECS_DRAINER_CLUSTERS    names or ARNs of the clusters to look in, separated by spaces or commas; empty: all
    ECS_DRAINER_HOOKS       names of the lifecycle hooks to act on, `*` stands for anything; empty: all but ECS's own
    ECS_DRAINER_EVENT_BUS   name of the EventBridge bus that events of drains are put on, or `none`; empty: `default`
    ECS_DRAINER_HTTPS_NOTICES   what subscribers of the topics by HTTPS get, `chat` or `json`; empty: `chat`
    ECS_DRAINER_<SETTING>   the stage's value of a drain's setting, as ECS_DRAINER_DEADLINE=30m; see the policy
    STATE_MACHINE_ARN       the state machine to start; empty: the one of the function's own stage

A wrong value is passed over as a whole, and `notices` says so. Failing instead would leave instances to their
hooks' timers, and half a list of clusters would take an instance of the other half for one without tasks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from chalicelib.common.wording import one_of, shown
from chalicelib.events import LifecycleAction
from chalicelib.policy import Source, environment_source
from chalicelib.policy.parsers import CLUSTER

# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html, and `*` for patterns
HOOK = re.compile(r"[A-Za-z0-9\-_/*]{1,255}", re.ASCII)
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html
EVENT_BUS = re.compile(r"[A-Za-z0-9._\-/]{1,256}", re.ASCII)
DEFAULT_BUS, NO_BUS = "default", "none"
HTTPS_NOTICES = ("chat", "json")
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
STATE_MACHINE = re.compile(
    r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[A-Za-z0-9_-]{1,80}", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a stage is told by its environment."""

    clusters: tuple[str, ...] = ()
    """Names or ARNs; empty: all clusters of the account in this Region."""
    hooks: tuple[str, ...] = ()
    """Names or patterns of names; empty: all but ECS's own."""
    state_machine_arn: str | None = None
    """None: the state machine of the function's own stage."""
    event_bus: str | None = DEFAULT_BUS
    """The name of the bus for events of drains; None: they are put on none."""
    https_notices: str = HTTPS_NOTICES[0]
    """What subscribers by HTTPS get: the format of chat channels, or the record for programs."""
    policy: Source = field(default_factory=lambda: environment_source({}))
    """The stage's values of the drains' settings, for `chalicelib.policy.resolve`."""
    notices: tuple[str, ...] = ()
    """A sentence for each value that was passed over."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables above; never raises."""
        notices: list[str] = []
        return cls(
            clusters=_list(environ, "ECS_DRAINER_CLUSTERS", CLUSTER, "ECS clusters, by name or ARN", notices),
            hooks=_list(environ, "ECS_DRAINER_HOOKS", HOOK, "names of lifecycle hooks", notices),
            state_machine_arn=_state_machine(environ, notices),
            event_bus=_bus(environ, notices),
            https_notices=_https_notices(environ, notices),
            policy=environment_source(environ),
            notices=tuple(notices),
        )

    def why_not_ours(self, action: LifecycleAction) -> str | None:
        """Return why this lifecycle action is left to others, or None when it is ours to complete."""
        if not self.hooks or any(fnmatchcase(action.hook, pattern) for pattern in self.hooks):
            return None
        return f"lifecycle hook {action.hook} is none of ECS_DRAINER_HOOKS ({' '.join(self.hooks)})"


def _list(
    environ: Mapping[str, str], name: str, form: re.Pattern[str], expected: str, notices: list[str]
) -> tuple[str, ...]:
    words = tuple(word for word in re.split(r"[\s,]+", environ.get(name, "")) if word)
    wrong = [word for word in words if not form.fullmatch(word)]
    if wrong:
        notices.append(f"{name} holds {shown(wrong[0])}: expected {expected}; it counts as empty.")
    return () if wrong else words


def _state_machine(environ: Mapping[str, str], notices: list[str]) -> str | None:
    arn = environ.get("STATE_MACHINE_ARN", "").strip()
    if not arn or STATE_MACHINE.fullmatch(arn):
        return arn or None
    expected = "expected a state machine's ARN; the one of this stage is started."
    notices.append(f"STATE_MACHINE_ARN is {shown(arn)}: {expected}")
    return None


def _bus(environ: Mapping[str, str], notices: list[str]) -> str | None:
    name = environ.get("ECS_DRAINER_EVENT_BUS", "").strip() or DEFAULT_BUS
    if EVENT_BUS.fullmatch(name):
        return None if name == NO_BUS else name
    expected = f"expected the name of an event bus, or none; {DEFAULT_BUS} is taken."
    notices.append(f"ECS_DRAINER_EVENT_BUS is {shown(name)}: {expected}")
    return DEFAULT_BUS


def _https_notices(environ: Mapping[str, str], notices: list[str]) -> str:
    word = environ.get("ECS_DRAINER_HTTPS_NOTICES", "").strip() or HTTPS_NOTICES[0]
    if word in HTTPS_NOTICES:
        return word
    expected = f"expected {one_of(HTTPS_NOTICES)}; {HTTPS_NOTICES[0]} is taken."
    notices.append(f"ECS_DRAINER_HTTPS_NOTICES is {shown(word)}: {expected}")
    return HTTPS_NOTICES[0]
