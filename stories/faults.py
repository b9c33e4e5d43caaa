"""What goes wrong in a story: requests that AWS refuses, events that don't come, deployments that fail."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from moto.ecs.models import ecs_backends

from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.awslambda import lambda_state
from embedded_aws.clients import client
from embedded_aws.ecs import services
from embedded_aws.eventbridge import events_state
from embedded_aws.requests import Call, Fault
from embedded_aws.requests.log import RATE_EXCEEDED
from stories.staging import Stage
from stories.world import CLUSTER

IAMS_NAMES = {"states": "stepfunctions", "elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
THROTTLED_ANEW_AFTER = timedelta(minutes=20)


def lose_events(stage: Stage, rule: str = "start_drain") -> None:
    """EventBridge loses the events of a rule: it delivers those of Auto Scaling as best effort only."""
    client("events").disable_rule(Name=_rule(stage, rule))


def find_events(stage: Stage, rule: str = "start_drain") -> None:
    """EventBridge delivers again."""
    client("events").enable_rule(Name=_rule(stage, rule))


def _rule(stage: Stage, function: str) -> str:
    return f"{stage.deployment.functions[function].rsplit(':', 1)[-1]}-event"


def change_events(_stage: Stage, **changes: Any) -> None:
    """Events of ECS come otherwise from now on; `lost = 1`: none. Takes what a story's `[events]` takes."""
    events_state().ecs.change(**changes)


def disable_rule(_stage: Stage, rule: str) -> None:
    """A person disables the rule whose name ends so."""
    client("events").disable_rule(Name=_rule_named(rule))


def enable_rule(_stage: Stage, rule: str) -> None:
    """A person enables the rule whose name ends so."""
    client("events").enable_rule(Name=_rule_named(rule))


def _rule_named(ending: str) -> str:
    names = [str(each["Name"]) for each in client("events").list_rules()["Rules"]]
    found = [name for name in names if name.endswith(ending)]
    if len(found) != 1:
        raise ValueError(
            f"`rule` is {ending!r}: expected the end of the name of one of {', '.join(sorted(names))}"
        )
    return found[0]


def fail_deployment(_stage: Stage, service: str) -> None:
    """ECS's circuit breaker gives the deployment of a service up."""
    backend = ecs_backends[ACCOUNT_ID][REGION]
    services.fail_deployment(backend.service(backend.cluster(CLUSTER), service))


def throttle_first_attempts(stage: Stage) -> None:
    """ECS throttles every call of the drains before it answers it, and does so anew twenty minutes later."""
    let_through: dict[str, datetime] = {}

    def is_throttled(call: Call) -> bool:
        if call.service != "ecs" or "ecs-drainer" not in call.principal:
            return False
        key = json.dumps([call.operation, call.principal, call.parameters], default=str, sort_keys=True)
        is_known = key in let_through and call.at - let_through[key] < THROTTLED_ANEW_AFTER
        if not is_known:
            let_through[key] = call.at
        return not is_known

    stage.aws.requests.fail_when(is_throttled, RATE_EXCEEDED)


def fail_calls(
    stage: Stage,
    *,
    service: str,
    code: str,
    operation: str = "",
    times: int | None = None,
    seconds: float = 0,
    message: str = "",
    function: str = "",
    status: int = 400,
    lost_answer: bool = False,
) -> None:
    """AWS answers the next call of an operation with an error; those of one function, where it is named.

    `service` is boto3's name for it, or IAM's: `states` is `stepfunctions`. Without `operation`, every call of the
    service that the drains make. `times` and `seconds` say how many calls, and for how long; with `lost_answer` each
    of them took effect all the same.
    """
    service = IAMS_NAMES.get(service, service)
    fault = Fault(code, message or "injected fault", status, lost_answer)

    def is_meant(call: Call) -> bool:
        is_operation = call.operation == operation if operation else "ecs-drainer" in call.principal
        return call.service == service and is_operation and (call.role or "").endswith(function)

    ailment = stage.aws.requests.fail_when(is_meant, fault, times if times or seconds else 1)
    if seconds:
        stage.aws.clock.call_later(seconds, ailment.heal, f"{service} is back")


def crash(_stage: Stage, function: str, times: int = 1) -> None:
    """The process of a function ends in its next invocations, before it has done anything."""
    lambda_state().crashes[function] += times
