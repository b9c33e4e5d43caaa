"""Expressions of JSONata states: their variables, and the error of one that fails.

moto writes values into the text of the expression, where a quotation mark spoils it; here they are bound to
names. Source: Step Functions developer guide, "Transforming data with JSONata" (an expression that fails, or
gives nothing, is `States.QueryEvaluationError`); API reference, EvaluationFailedEventDetails.
"""

from __future__ import annotations

import re
from typing import Any

from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringJSONata,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.component.state.state_pass.state_pass import StatePass
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.states import States

from embedded_aws.stepfunctions.frames import identifier
from embedded_aws.stepfunctions.jsonata_values import UNDEFINED, JsonataError, NotJsonError, evaluate, read

VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
ERROR = "States.QueryEvaluationError"

_reset, _read, _pass = States.reset, StringJSONata.__init__, StatePass._eval_state


def install() -> None:
    """Evaluate expressions with `jsonata-python`."""
    StringJSONata.location = ""
    StringJSONata.__init__ = _init
    StringJSONata._eval_body = _eval_jsonata
    StringVariableSample._eval_body = _eval_variable
    States.reset = _forget_result
    StatePass._eval_state = _eval_pass


def _init(string: Any, expression: str) -> None:
    """Read the expression at once: AWS refuses a machine whose expressions it can't read."""
    _read(string, expression)
    try:
        read(expression)
    except JsonataError as error:
        raise ValueError(f"INVALID_JSONATA_EXPRESSION: '{expression}': {error}") from error


def _forget_result(states: Any, input_value: Any) -> None:
    """`$states.result` and `$states.errorOutput` are undefined until there is one; a null result is a value."""
    _reset(states, input_value)
    for name in ("result", "errorOutput"):
        states._states_data.pop(name, None)


def _eval_pass(state: Any, env: Any) -> None:
    """A Pass state of JSONata has no `$states.result`."""
    if state._is_language_query_jsonpath():
        _pass(state, env)
    elif state.assign_decl:
        state.assign_decl.eval(env=env)


def _variables(env: Any, expression: str) -> dict[str, Any]:
    """Return the variables that the expression names, and `$states`."""
    store = env.variable_store
    names = set(VARIABLE.findall(expression))
    known = {**store._outer_scope, **store._inner_scope, "states": env.states._states_data}
    return {name: known[name] for name in names & set(known)}


def _eval_variable(string: Any, env: Any) -> None:
    """The value of a variable in a JSONPath state: `$name.part`."""
    value = evaluate(string.expression, _variables(env, string.expression))
    env.stack.append(None if value is UNDEFINED else value)


def _eval_jsonata(string: Any, env: Any) -> None:
    expression = string.expression
    told = told_of(string)
    try:
        value = evaluate(expression, _variables(env, expression), identifier(env, expression))
    except JsonataError as error:
        raise fail_evaluation(env, string, f"{told} threw an error during evaluation. {error}") from error
    except NotJsonError as error:
        raise fail_evaluation(env, string, f"{told} returned an unsupported result type.") from error
    if value is UNDEFINED:
        raise fail_evaluation(env, string, f"{told} returned nothing (undefined).")
    env.stack.append(value)


def told_of(string: Any) -> str:
    """Return how the cause of a failure begins."""
    return f"The JSONata expression '{string.expression}' specified for the field '{string.location}'"


def fail_evaluation(env: Any, string: Any, cause: str) -> FailureEventException:
    """Record `EvaluationFailed` and return the exception to raise for it."""
    details = EvaluationFailedEventDetails(error=ERROR, cause=cause, location=string.location)
    failure = FailureEventException(
        failure_event=FailureEvent(
            env=env,
            error_name=ErrorName(error_name=ERROR),
            event_type=HistoryEventType.EvaluationFailed,
            event_details=EventDetails(evaluationFailedEventDetails=details),
        )
    )
    env.event_manager.reported = None
    env.event_manager.add_event(
        context=env.event_history_context,
        event_type=HistoryEventType.EvaluationFailed,
        event_details=EventDetails(
            evaluationFailedEventDetails=failure.get_evaluation_failed_event_details()
        ),
    )
    env.event_manager.reported = cause
    return failure
