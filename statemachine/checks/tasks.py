"""Tasks: each calls something that exists, within a time limit, and says what happens when the call fails."""

from __future__ import annotations

from collections.abc import Iterator

from statemachine.checks.error_names import error_name_problem
from statemachine.checks.finding import MISSING, Finding
from statemachine.checks.integrations import (
    TOKEN_PATTERN,
    Integration,
    UnknownIntegrationError,
    integration_of,
)
from statemachine.checks.machine import Body, State, objects, texts
from statemachine.checks.parameters import check_parameters
from statemachine.checks.wording import exempt, strings_of

RETRIED_BY_THE_MACHINE = ":completeLifecycleAction"
"""Its retries have the machine's own loop, which records heartbeats meanwhile. A token wait looks again instead."""


def check_task(state: State) -> Iterator[Finding]:
    """Yield what is wrong with a Task's Resource, what it sends, and its time limits."""
    if state.type != "Task":
        return
    yield from _check_limits(state)
    resource = state.body.get("Resource")
    if not isinstance(resource, str):
        return
    try:
        integration = integration_of(resource)
    except UnknownIntegrationError as unknown:
        yield state.finding("Resource", resource, "a function or an integration that exists", str(unknown))
        return
    if integration.operation is not None:
        yield from check_parameters(state, integration)
    yield from _check_token(state, integration)


def check_retries(state: State, ours: set[str], *, caught_around: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with the Retry and Catch of a Task, Map or Parallel.

    `ours` are the error names that the functions and the machine's own Fail states raise; `caught_around` says
    that the Map around the state catches what the state doesn't.
    """
    if state.type not in ("Task", "Map", "Parallel"):
        return
    for field in ("Retry", "Catch"):
        if state.type == "Task" and not state.body.get(field) and not _excused(state, field, caught_around):
            expected = f"at least one entry, or 'No {field}: <reason>' in the Comment"
            yield state.finding(
                field, state.body.get(field, MISSING), expected, "say what happens when the call fails"
            )
        yield from _check_order(state, field)
        yield from _check_errors(state, field, ours)
    for number, retrier in enumerate(objects(state.body.get("Retry"))):
        yield from _check_retrier(state, f"Retry[{number}]", retrier)


def check_query_errors(state: State, *, caught_around: bool = False) -> Iterator[Finding]:
    """Yield a Task or Map whose Catch lets a failed expression end the execution."""
    if state.type not in ("Task", "Map", "Parallel") or _excused(state, "Catch", caught_around):
        return
    caught = {name for rule in objects(state.body.get("Catch")) for name in texts(rule.get("ErrorEquals"))}
    if not caught & {"States.ALL", "States.QueryEvaluationError"}:
        expected = "an entry for States.ALL, or for States.QueryEvaluationError"
        remedy = "say what happens when an expression fails"
        yield state.finding("Catch", state.body.get("Catch", MISSING), expected, remedy)


def _excused(state: State, field: str, caught_around: bool) -> bool:
    """Say whether a state may do without a Retry or a Catch."""
    resource = str(state.body.get("Resource"))
    if field == "Retry" and state.jsonata and resource.endswith((TOKEN_PATTERN, RETRIED_BY_THE_MACHINE)):
        return True
    return (field == "Catch" and caught_around) or exempt(state.body.get("Comment"), field)


def _check_limits(state: State) -> Iterator[Finding]:
    body = state.body
    if "TimeoutSeconds" not in body and "TimeoutSecondsPath" not in body:
        remedy = "add one: without it a call that hangs is waited for 99,999,999 seconds"
        yield state.finding("TimeoutSeconds", MISSING, "the longest that this call may take", remedy)
    heartbeat, timeout = body.get("HeartbeatSeconds"), body.get("TimeoutSeconds")
    if isinstance(heartbeat, int) and isinstance(timeout, int) and heartbeat >= timeout:
        yield state.finding(
            "HeartbeatSeconds", heartbeat, f"less than TimeoutSeconds, {timeout}", "make it smaller"
        )


def _check_token(state: State, integration: Integration) -> Iterator[Finding]:
    if integration.pattern != TOKEN_PATTERN:
        return
    field, token = state.arguments_field, "$states.context.Task.Token" if state.jsonata else "$$.Task.Token"
    if not any(token in text for _, text in strings_of(state.body.get(field))):
        expected = f"{token} within: nobody can answer without it"
        yield state.finding(field, state.body.get(field, MISSING), expected, "pass the token on")


def _check_order(state: State, field: str) -> Iterator[Finding]:
    """Yield entries that come too late: the first that names an error takes it."""
    taken: set[str] = set()
    for number, rule in enumerate(objects(state.body.get(field))):
        names = texts(rule.get("ErrorEquals"))
        at = f"{field}[{number}].ErrorEquals"
        if "States.ALL" in names and len(names) > 1:
            yield state.finding(
                at, names, "States.ALL alone", "remove the others: States.ALL stands for them too"
            )
        if not names:
            yield state.finding(
                at, rule.get("ErrorEquals", MISSING), "at least one error name", "name the errors"
            )
        if "States.ALL" in taken:
            remedy = "move States.ALL last: nothing reaches an entry after it"
            yield state.finding(at, names, "an entry before the one for States.ALL", remedy)
        elif repeated := [name for name in names if name in taken]:
            yield state.finding(
                at, repeated, "names that no earlier entry takes", "remove them here or there"
            )
        taken |= set(names)


def _check_errors(state: State, field: str, ours: set[str]) -> Iterator[Finding]:
    integration = _integration(state)
    for number, rule in enumerate(objects(state.body.get(field))):
        at = f"{field}[{number}].ErrorEquals"
        for name in texts(rule.get("ErrorEquals")):
            problem = error_name_problem(name, integration, ours)
            if problem:
                yield state.finding(at, name, "the name of an error that can arrive here", problem)
            elif field == "Retry" and name == "States.Runtime":
                yield state.finding(
                    at, name, "an error that can be retried", "remove it: AWS never retries this one"
                )


def _integration(state: State) -> Integration | None:
    try:
        return integration_of(str(state.body.get("Resource"))) if state.type == "Task" else None
    except UnknownIntegrationError:
        return None


def _check_retrier(state: State, at: str, retrier: Body) -> Iterator[Finding]:
    if retrier.get("MaxAttempts") == 0:
        return
    interval, most = retrier.get("IntervalSeconds", 1), retrier.get("MaxDelaySeconds", MISSING)
    if most is MISSING:
        expected = "the longest wait between attempts"
        yield state.finding(
            f"{at}.MaxDelaySeconds", most, expected, "add one, or the waits grow without bound"
        )
    elif isinstance(most, int) and isinstance(interval, int) and most <= interval:
        expected = f"more than IntervalSeconds, {interval}"
        yield state.finding(f"{at}.MaxDelaySeconds", most, expected, "raise it: AWS refuses the definition")
    if retrier.get("JitterStrategy") != "FULL" and not exempt(retrier.get("Comment"), "jitter"):
        expected = "\"FULL\", or 'No jitter: <reason>' in the retrier's Comment"
        remedy = "spread the attempts: callers that failed together otherwise come back together"
        yield state.finding(f"{at}.JitterStrategy", retrier.get("JitterStrategy", MISSING), expected, remedy)
