"""The stage's own settings, read once from the Lambda's environment (`environment_variables` of config.json).

    ECS_DRAINER_CLUSTERS    names or ARNs of the clusters to look in, separated by spaces or commas; empty: all
    ECS_DRAINER_HOOKS       names of the lifecycle hooks to act on, `*` stands for anything; empty: all but ECS's own
    ECS_DRAINER_TOPICS      names of the SNS topics that tags, hooks and requests may have notified, `*` at the end
                            for what begins so; empty: the stage's own alone
    ECS_DRAINER_QUEUES      names of the SQS queues that tags of services may have counted, in the same form; empty: all
    ECS_DRAINER_<SETTING>   the stage's value of a drain's setting, as ECS_DRAINER_DEADLINE=30m; see the policy
    STATE_MACHINE_ARN       the state machine to start; empty: the one of the function's own stage

A wrong value is passed over as a whole, and `notices` says so. Failing instead would leave instances to their
hooks' timers, and half a list of clusters would take an instance of the other half for one without tasks. Only where
a list says what others may reach, a wrong one lets them reach nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from chalicelib.common.wording import shown
from chalicelib.events import LifecycleAction
from chalicelib.policy import Reach, Source, environment_source
from chalicelib.policy.parsers import CLUSTER
from chalicelib.policy.reach import QUEUE_NAMES, TOPIC_NAMES

# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html, and `*` for patterns
HOOK = re.compile(r"[A-Za-z0-9\-_/*]{1,255}", re.ASCII)
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
    topics: tuple[str, ...] = ()
    """Names of topics that others may have notified, beside the stage's own."""
    queues: tuple[str, ...] = ("*",)
    """Names of queues that others may have counted."""
    state_machine_arn: str | None = None
    """None: the state machine of the function's own stage."""
    policy: Source = field(default_factory=lambda: environment_source({}))
    """The stage's values of the drains' settings, for `chalicelib.policy.resolve`."""
    home: str = ""
    """The ARN of anything of the stage, which says its account and Region: the environment of a Lambda doesn't."""
    notices: tuple[str, ...] = ()
    """A sentence for each value that was passed over."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables above; never raises."""
        notices: list[str] = []
        return cls(
            clusters=_list(environ, "ECS_DRAINER_CLUSTERS", CLUSTER, "ECS clusters, by name or ARN", notices),
            hooks=_list(environ, "ECS_DRAINER_HOOKS", HOOK, "names of lifecycle hooks", notices),
            topics=_list(environ, "ECS_DRAINER_TOPICS", TOPIC_NAMES, "names of SNS topics", notices),
            queues=_queues(environ, notices),
            state_machine_arn=_state_machine(environ, notices),
            policy=environment_source(environ),
            notices=tuple(notices),
        )

    def at(self, arn: str) -> Settings:
        """Return the same, given the ARN of anything of the stage."""
        return replace(self, home=arn)

    @property
    def reach(self) -> Reach | None:
        """What others may reach; None while nobody has said of which account and Region the stage is."""
        parts = self.home.split(":")
        if len(parts) < 5:
            return None
        return Reach(account=parts[4], region=parts[3], topics=self.topics, queues=self.queues)

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


def _queues(environ: Mapping[str, str], notices: list[str]) -> tuple[str, ...]:
    """Return the queues that others may have counted: all where nothing is said, none where it can't be read."""
    name = "ECS_DRAINER_QUEUES"
    is_set = bool(environ.get(name, "").strip(" \t\r\n,"))
    return _list(environ, name, QUEUE_NAMES, "names of SQS queues", notices) if is_set else ("*",)


def _state_machine(environ: Mapping[str, str], notices: list[str]) -> str | None:
    arn = environ.get("STATE_MACHINE_ARN", "").strip()
    if not arn or STATE_MACHINE.fullmatch(arn):
        return arn or None
    expected = "expected a state machine's ARN; the one of this stage is started."
    notices.append(f"STATE_MACHINE_ARN is {shown(arn)}: {expected}")
    return None
