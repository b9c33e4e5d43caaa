"""What kind of value a field takes from its expression; another fails with `States.QueryEvaluationError`.

Source: Step Functions developer guide, "Transforming data with JSONata" (the type of a result is checked, and
its range). moto makes a whole number of whatever `TimeoutSeconds` or `Seconds` is given.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.common.timeouts.heartbeat import HeartbeatSecondsJSONata
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSecondsJSONata
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison import ConditionStringJSONata
from moto.stepfunctions.parser.asl.component.state.exec.state_map.items.items import ItemsJSONata
from moto.stepfunctions.parser.asl.component.state.exec.state_map.max_concurrency import (
    MaxConcurrencyJSONata,
)
from moto.stepfunctions.parser.asl.component.state.fail.cause_decl import Cause
from moto.stepfunctions.parser.asl.component.state.fail.error_decl import Error
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.seconds import SecondsJSONata
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from embedded_aws.stepfunctions.expressions import fail_evaluation, told_of

LONGEST_SECONDS = 99_999_999
TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


def install() -> None:
    """Check results of expressions."""
    TimeoutSecondsJSONata._eval_seconds = _positive
    HeartbeatSecondsJSONata._eval_seconds = _positive
    SecondsJSONata._get_wait_seconds = _whole
    MaxConcurrencyJSONata._eval_max_concurrency = _whole
    ConditionStringJSONata._eval_body = _eval_condition
    ItemsJSONata._eval_body = _eval_items
    Error._eval_body = Cause._eval_body = _eval_text


def typed(string: Any, env: Any, expected: str) -> Any:
    """Return what the expression gives, which must be of the type."""
    string.eval(env=env)
    value = env.stack.pop()
    found = TYPES[type(value)]
    if found != expected:
        shown = to_json_str(value, separators=(",", ":"))
        reason = f"Expected '{expected}', but was '{found}' for value: {shown}"
        raise fail_evaluation(env, string, f"{told_of(string)} returned an unexpected result type. {reason}")
    return value


def _number(part: Any, env: Any, least: int) -> int:
    value = typed(part.string_jsonata, env, "number")
    if not isinstance(value, int) or not least <= value <= LONGEST_SECONDS:
        reason = f"Expected a whole number from {least} to {LONGEST_SECONDS}, but was {value}"
        cause = f"{told_of(part.string_jsonata)} returned a value out of range. {reason}"
        raise fail_evaluation(env, part.string_jsonata, cause)
    return value


def _positive(part: Any, env: Any) -> int:
    return _number(part, env, 1)


def _whole(part: Any, env: Any) -> int:
    return _number(part, env, 0)


def _eval_condition(condition: Any, env: Any) -> None:
    env.stack.append(typed(condition.string_jsonata, env, "boolean"))


def _eval_items(items: Any, env: Any) -> None:
    env.stack.append(typed(items.string_jsonata, env, "array"))


def _eval_text(part: Any, env: Any) -> None:
    string = part.string_expression
    if isinstance(string, StringJSONata):
        env.stack.append(typed(string, env, "string"))
    else:
        string.eval(env=env)
