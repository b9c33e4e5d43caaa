"""Choice states: times with a fraction or an offset, the context object on either side, and no match at all.

Source: Step Functions developer guide, "Choice workflow state" (timestamps are RFC 3339, so they may carry a
fraction and an offset), "Accessing execution data from the Context object" (also "Variable to variable
comparison operators") and "Handling errors" (`States.NoChoiceMatched`).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_func import (
    ComparisonFuncValue,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import (
    ComparisonVariable,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.factory import OperatorFactory
from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.implementations.is_operator import (
    IsTimestamp,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from embedded_aws.stepfunctions.errors import fail_execution

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

_compare = ComparisonFuncValue._eval_body


def install() -> None:
    """Correct Choice states."""
    IsTimestamp.string_to_timestamp = staticmethod(timestamp_of)
    ComparisonFuncValue._eval_body = _compare_with_context
    ComparisonVariable._eval_body = _compare_variable
    StateChoice._eval_state = _choose


def timestamp_of(text: Any) -> datetime | None:
    """Read an RFC 3339 time; None for anything else."""
    if not isinstance(text, str) or not TIMESTAMP.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # shaped like a time, as the 30th of February is
        return None


def _compare_with_context(comparison: Any, env: Any) -> None:
    """`TimestampLessThanPath: $$.State.EnteredTime` compares with the context object, not with the input."""
    operator = comparison.operator_type.name
    if not (operator.endswith("Path") and str(comparison.value).startswith("$$.")):
        try:
            _compare(comparison, env)
        except NoSuchJsonPathError as error:
            raise _invalid_path(env, error.json_path) from error
        return
    value = env.states.get_context(comparison.value[1:])
    OperatorFactory.get(ComparisonOperatorType[operator.removesuffix("Path")]).eval(env=env, value=value)


def _compare_variable(comparison: Any, env: Any) -> None:
    """A Variable that finds nothing fails the execution, unless it is asked whether it is there."""
    comparison.variable.eval(env)
    is_missing = isinstance(env.stack[-1], NoSuchVariable)
    if is_missing and comparison.comparison_function.operator_type.name != "IsPresent":
        raise _invalid_path(env, comparison.variable.string_sampler.literal_value)
    comparison.comparison_function.eval(env)


def _invalid_path(env: Any, path: str) -> FailureEventException:
    cause = f"Invalid path '{path}': The choice state's condition path references an invalid value."
    return fail_execution(env, "States.Runtime", cause)


def _choose(choice: Any, env: Any) -> None:
    for rule in choice.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append(rule.next_stmt.name)
            return
    if choice.default_state is None:
        cause = f"No Choice rule of the state '{choice.name}' matched, and it has no Default"
        raise fail_execution(env, "States.NoChoiceMatched", cause)
    for part in (choice.assign_decl, choice.output):
        if part:
            part.eval(env)
    env.stack.append(choice.default_state.state_name)
