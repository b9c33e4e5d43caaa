"""The doors by which settings come in: tags of groups and services, hooks' metadata, the environment. All pure.

A wrong value is never a failure there: it is refused by name, and the next lower one stands.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from chalicelib.common.model import AutoScalingGroup
from chalicelib.events import LifecycleAction
from chalicelib.gates.declared import TAGS, declare, within_reach
from chalicelib.plan.findings import Findings
from chalicelib.plan.making import Plan, make_plan
from chalicelib.policy import Reach, environment_source
from chalicelib.policy.settings import Settings
from chalicelib.tell.notice import compose
from tests.builders import START, TOKEN
from tests.hostile import values
from tests.hostile.knocking import Answer, Door, Drawn, Stage
from tests.hostile.of_events import RIGHT, settings
from tests.unit.test_plan import ACTIVE, EXECUTION, INSTANCE, a_hook, a_request

STAGE = {"ECS_DRAINER_DEADLINE": "2h", "ECS_DRAINER_GATES": "services", "ECS_DRAINER_NOTIFY": "none"}
REACH = Reach(account="123456789012", region="eu-west-1", topics=("drains-*",), queues=("jobs*",))
NEVER = ("poll",)
"""What depends on another setting: a poll that is right may be too close for the deadline."""


def texts(document: Mapping[Any, Any]) -> dict[str, str]:
    """Return the document as tags and variables are: text, whatever was put there."""
    return {str(key): item if isinstance(item, str) else str(item) for key, item in document.items()}


def _draw_texts(prefix: str, spelt: Callable[[str], str]) -> Callable[[Random], Drawn]:
    def draw(random: Random) -> Drawn:
        given = {f"{prefix}{spelt(name)}": _text(right) for name, right in settings(random).items()}
        case, names = values.mutated(random, given, random.choice((0, 1, 1, 1, 2, 3)))
        return texts(case), names

    return draw


def _text(right: Any) -> str:
    return " ".join(right) if isinstance(right, list) else str(right)


def _draw_metadata(random: Random) -> Drawn:
    if random.random() < 0.1:
        return values.text(random), ()
    case, names = values.mutated(random, settings(random), random.choice((0, 1, 1, 1, 2, 3)))
    return json.dumps(case), names


def planned(tags: Mapping[str, str], metadata: str | None, stage: Mapping[str, str] | None = None) -> Plan:
    """Return the plan of a drain of a group with these tags, under a hook with this metadata."""
    action = LifecycleAction(
        auto_scaling_group="web-ecs", hook="ecs-drain", token=TOKEN, notification_metadata=metadata
    )
    group = AutoScalingGroup("web-ecs", dict(tags), False, {INSTANCE: "Terminating:Wait"})
    found = Findings(group=group, hook=a_hook(), instances=(ACTIVE,))
    request = a_request(lifecycle_action=action)
    return make_plan(request, found, environment_source(stage or STAGE), EXECUTION, REACH)


def _answer(plan: Plan, lower: Plan, source: str) -> Answer:
    """Hold a plan to the one without the values in question: what isn't theirs is as it was."""
    state = plan.to_state()
    json.dumps(state, ensure_ascii=False).encode()
    ours, others = plan.drain, lower.drain
    for name in RIGHT.keys() - set(NEVER):
        is_theirs = source in ours.sources[name]
        assert is_theirs or getattr(ours.policy, name) == getattr(others.policy, name), name
    notice = compose("started", state, ours.execution, START).to_state()
    return Answer(ours.notices, shown=f"{notice['subject']}\n{json.loads(notice['message'])['default']}")


def _tags(_: Stage, tags: dict[str, str]) -> Answer:
    return _answer(planned(tags, None), planned({}, None), "tags of")


def _metadata(_: Stage, metadata: str) -> Answer:
    return _answer(planned({}, metadata), planned({}, None), "NotificationMetadata")


def _environment(_: Stage, environ: dict[str, str]) -> Answer:
    told = Settings.from_environment(environ).at(EXECUTION.arn)
    assert told.reach is not None
    answer = _answer(planned({}, None, environ), planned({}, None, {"x": "y"}), "the stage's environment")
    return Answer((*told.notices, *answer.told), answer.shown)


def _draw_environment(random: Random) -> Drawn:
    own = {
        "ECS_DRAINER_CLUSTERS": "web, arn:aws:ecs:eu-west-1:123456789012:cluster/batch",
        "ECS_DRAINER_HOOKS": "ecs-drain*",
        "ECS_DRAINER_TOPICS": "drains-* pager",
        "ECS_DRAINER_QUEUES": "*",
        "STATE_MACHINE_ARN": "arn:aws:states:eu-west-1:123456789012:stateMachine:ecs-drainer-dev",
    }
    given = {f"ECS_DRAINER_{name.upper()}": _text(right) for name, right in settings(random).items()}
    case, names = values.mutated(random, {**given, **own}, random.choice((0, 1, 1, 1, 2, 3)))
    return texts(case), names


RIGHT_TAGS = {
    "quorum-group": ("zookeeper", "team a/zk"),
    "max-unavailable": ("1", "2"),
    "drain-queue": ("arn:aws:sqs:eu-west-1:123456789012:jobs", "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"),
    "sign-off": ("required", "required 10m", "required 10m hold"),
    "replacement": ("standby",),
    "order": ("0", "-3"),
}  # fmt: skip
assert RIGHT_TAGS.keys() == TAGS.keys()


def _draw_service_tags(random: Random) -> Drawn:
    some = random.sample(sorted(RIGHT_TAGS), random.randrange(1, 4))
    given = {f"ecs-drainer:{name}": random.choice(RIGHT_TAGS[name]) for name in some}
    case, names = values.mutated(random, given, random.choice((0, 1, 1, 2)))
    return texts(case), names


def _service_tags(_: Stage, tags: dict[str, str]) -> Answer:
    found = within_reach(declare("jobs", "web", tags, "arn"), REACH)
    assert not found.refusals or found.is_stateful, "what can't be read keeps its gate closed"
    assert found.queue is None or REACH.why_no_queue(found.queue) is None
    return Answer(found.refusals)


DOORS = (
    Door(
        "tags of Auto Scaling groups", _draw_texts("ecs-drainer:", lambda name: name.replace("_", "-")), _tags
    ),
    Door("metadata of lifecycle hooks", _draw_metadata, _metadata),
    Door("tags of services, tasks and task definitions", _draw_service_tags, _service_tags),
    Door("environment of the stage", _draw_environment, _environment),
)
