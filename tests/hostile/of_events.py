"""The doors by which events and requests come in: the handlers, called as Lambda calls them, on the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any

from chalicelib.common.model import stamp
from chalicelib.policy.table import SETTINGS
from chalicelib.steps.plan_drain import plan_drain
from chalicelib.steps.plan_fleet import plan_fleet
from chalicelib.steps.return_to_service import return_to_service
from chalicelib.steps.sign_off import sign_off
from chalicelib.steps.start_drain import start_drain
from chalicelib.steps.start_manual_drain import start_manual_drain
from chalicelib.steps.wake import wake
from chalicelib.wake.instances import SAMPLE as INSTANCE_EVENT
from chalicelib.wake.parse import parse
from chalicelib.wake.services import SAMPLE_DEPLOYMENT, SAMPLE_PLACEMENT
from chalicelib.wake.tasks import SAMPLE as TASK_EVENT
from embedded_aws.clients import client
from tests.builders import START
from tests.hostile import values
from tests.hostile.knocking import Answer, Door, Drawn, Stage
from tests.unit.event_samples import sample
from tests.wake.letters import record

SHAPES = ("eventbridge", "sns", "sns-text", "sqs", "sns-in-sqs", "bare", "dead-letter")
INSTANCE = "i-0123456789abcdef0"
TASK = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

KINDS = {
    "EC2 Instance-terminate Lifecycle Action": "terminate-eventbridge",
    "EC2 Instance-launch Lifecycle Action": "launch",
    "EC2 Instance Launch Successful": "warm-pool-into-service",
    "EC2 Spot Instance Interruption Warning": "spot-interruption",
    "EC2 Instance Rebalance Recommendation": "rebalance-recommendation",
    "AWS Health Event": "health-scheduled-change",
}
"""A sample of each kind of event that `chalicelib.events` reads."""

ECS_EVENTS: Mapping[str, Mapping[str, Any]] = {
    "ECS Task State Change": TASK_EVENT,
    "ECS Container Instance State Change": INSTANCE_EVENT,
    "ECS Service Action": SAMPLE_PLACEMENT,
    "ECS Deployment State Change": SAMPLE_DEPLOYMENT,
}
"""A sample of each kind of event that `chalicelib.wake` reads."""

RIGHT: Mapping[str, tuple[Any, ...]] = {
    "cluster": ("found", "web", "arn:aws:ecs:eu-west-1:123456789012:cluster/web"),
    "deadline": ("30m", "PT15M", 900, "2d"),
    "on_deadline": ("continue", "stop-tasks", "abandon-anyway", "keep", "undrain"),
    "standalone_tasks": ("wait", "stop-after 10m", "ignore"),
    "daemons": ("last", "ignore"),
    "dead_agent_after": ("5m",),
    "poll": ("15s", "5s 60s 300s", ["5s", "60s"]),
    "stuck_after": ("10m",),
    "managed_draining": ("observe", "drain"),
    "notify": ("stage", "none"),
    "triggers": ("all", "none", "spot-interruption"),
    "gates": ("off", "services"),
    "on_closed_gates": ("give-up", "drain"),
    "max_concurrent_drains": ("unlimited", "3", "3 1 per zone"),
    "then": ("keep", "return"),
}
"""Right values of each setting."""


def of(document: Any) -> Callable[[Random], Drawn]:
    """Return what draws a document with some values wrong, rarely none and rarely all of it."""

    def draw(random: Random) -> Drawn:
        if random.random() < 0.03:
            return values.value(random), ()
        return values.mutated(random, document, random.choice((0, 1, 1, 1, 1, 2, 4)))

    return draw


def settings(random: Random) -> dict[str, Any]:
    """Return right values of some settings."""
    some = random.sample([setting.name for setting in SETTINGS], random.randrange(1, 5))
    return {name: random.choice(RIGHT[name]) for name in some}


def _start(stage: Stage, event: Any) -> Answer:
    answers = start_drain(event, stage.arn("start_drain"))
    started = tuple(each["instance_id"] for each in answers if "execution" in each)
    assert all(instance in json.dumps(event) for instance in started), "a drain of what nobody named"
    return Answer(started=started)


def _return(stage: Stage, event: Any) -> Answer:
    return_to_service(event, stage.arn("return_to_service"))
    return Answer()


def _wake(stage: Stage, event: Any) -> Answer:
    letter = record(1, event)
    if wake({"Records": [letter]}, stage.arn("wake"), START)["batchItemFailures"]:
        parse(letter["body"])  # raises what the log says
    return Answer()


def _draw_request(random: Random) -> Drawn:
    request = {"instance_id": INSTANCE, "reason": "kernel update", "who": "ana", **settings(random)}
    if random.random() < 0.3:
        request["idempotency_key"] = f"kernel-update-{random.randrange(9)}"
    return of(request)(random)


def _ask(stage: Stage, request: Any) -> Answer:
    number = stage.state.setdefault("asked", 0)
    stage.state["asked"] += 1
    answer = start_manual_drain(request, stage.arn("start_manual_drain"), f"request-{number}")
    return Answer(started=(answer["instance_id"],))


def _draw_answer(random: Random) -> Drawn:
    answer: dict[str, Any] = {"task": TASK, "answer": random.choice(("done", "refuse", "more-time"))}
    answer |= {"minutes": 10, "reason": "compaction until 11:00", "who": "ana"}
    return of(answer)(random)


def _answer(stage: Stage, request: Any) -> Answer:
    table = stage.deployment.outputs["LedgerTable"]
    asked = {"pk": f"sign-off#{TASK}", "state": "asked", "drain": "d"}
    asked |= {"answer_by": stamp(START), "deadline_at": stamp(START)}
    client("dynamodb").put_item(TableName=table, Item={name: {"S": text} for name, text in asked.items()})
    stage.aws.requests.clear()
    answer = sign_off(request, stage.arn("sign_off"), START)
    return Answer(shown=json.dumps(answer, ensure_ascii=False))


def _draw_input(random: Random) -> Drawn:
    action = {
        "auto_scaling_group": "web-ecs",
        "hook": "ecs-drain",
        "token": "7d0f3b52-6f0c-4c1e-9a3d-2b8f5e4c1a90",
        "notification_metadata": json.dumps(settings(random)),
    }
    request = {
        "instance_id": INSTANCE,
        "trigger": "lifecycle-action",
        "lifecycle_action": action,
        "settings": {},
        "reason": "Auto Scaling group web-ecs terminates it",
        "who": "EC2 Auto Scaling",
        "event_at": "2026-03-02T10:00:00Z",
    }
    return of(request)(random)


def _plan(stage: Stage, request: Any) -> Answer:
    number = stage.state["turns"] = stage.state.get("turns", 0) + 10
    event = {
        "request": request if isinstance(request, dict) else {"instance_id": request},
        "execution": "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:name",
        "started_at": stamp(START),
        "topic": "arn:aws:sns:eu-west-1:123456789012:ecs-drainer-dev-notifications",
    }
    with stage.aws.requests.unthrottled():
        planned = plan_drain(event, START + timedelta(seconds=number))
    json.dumps(planned, ensure_ascii=False).encode()
    return Answer(
        tuple(planned["drain"]["notices"]), shown=planned["drain"]["reason"] + planned["drain"]["who"]
    )


def _draw_fleet(random: Random) -> Drawn:
    request = {"instances": [INSTANCE, "i-0123456789abcdef1"], "max_concurrent": 5, "stop_after": 3}
    request |= {"may_hop": False, "reason": "new AMI", "who": "ana", "settings": settings(random)}
    return of(request)(random)


def _plan_fleet(stage: Stage, request: Any) -> Answer:
    event = {
        "request": request,
        "name": "fleet-1",
        "topic": "arn:aws:sns:eu-west-1:1:t",
        "started_at": stamp(START),
    }
    with stage.aws.requests.unthrottled():
        planned = plan_fleet(event)
    json.dumps(planned, ensure_ascii=False).encode()
    return Answer(shown=str(planned.get("room", "")))


WRITES_ROWS = frozenset({"UpdateItem"})
STARTS = frozenset({"StartExecution"})

DOORS = (
    *(
        Door(f"lifecycle hook: {shape}", of(sample(f"terminate-{shape}")), _start, STARTS, names_fields=False)
        for shape in SHAPES
    ),
    *(
        Door(f"event: {kind}", of(sample(name)), _start, STARTS, names_fields=False)
        for kind, name in KINDS.items()
    ),
    Door("handler: return_to_service", of(sample("warm-pool-into-service")), _return, names_fields=False),
    *(
        Door(f"ECS event: {kind}", of(event), _wake, frozenset({"ChangeMessageVisibilityBatch"}))
        for kind, event in ECS_EVENTS.items()
    ),
    Door("handler: start_manual_drain", _draw_request, _ask, STARTS),
    Door("handler: sign_off", _draw_answer, _answer, WRITES_ROWS),
    Door("execution's input: drain", _draw_input, _plan, WRITES_ROWS, names_fields=False),
    Door("execution's input: fleet", _draw_fleet, _plan_fleet, names_fields=False),
)
