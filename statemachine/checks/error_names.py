"""Error names: which can arrive at a Retry or Catch, so that a misspelt one isn't waited for in vain."""

from __future__ import annotations

import builtins
from collections.abc import Iterable

from statemachine.checks.finding import did_you_mean
from statemachine.checks.integrations import (
    OPTIMISED,
    SDK_NAMES,
    Integration,
    error_names,
    sdk_prefix,
    service_model,
)

RESERVED = {
    *(
        "States.ALL",
        "States.BranchFailed",
        "States.DataLimitExceeded",
        "States.ExceedToleratedFailureThreshold",
    ),
    *("States.HeartbeatTimeout", "States.Http.Socket", "States.IntrinsicFailure", "States.ItemReaderFailed"),
    *("States.NoChoiceMatched", "States.ParameterPathFailure", "States.Permissions"),
    *(
        "States.QueryEvaluationError",
        "States.ResultPathMatchFailure",
        "States.ResultWriterFailed",
        "States.Runtime",
    ),
    *("States.TaskFailed", "States.Timeout"),
}
"""Developer guide, "Handling errors in Step Functions workflows"."""

LAMBDA = {
    *("Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"),
    *("Lambda.TooManyRequestsException", "Lambda.ClientExecutionTimeoutException", "Lambda.Unknown"),
}
"""What the invocation itself raises: developer guide, "Handle transient Lambda service exceptions"."""

RUNTIME = {"Sandbox.Timedout", "Runtime.ExitError", "Runtime.ImportModuleError", "Runtime.HandlerNotFound"}
"""What Lambda's own runtime answers for a function that broke down."""

PYTHON = {
    name for name, each in vars(builtins).items() if isinstance(each, type) and issubclass(each, Exception)
}
"""A Python exception arrives under its class name, without the module."""


def error_name_problem(name: str, integration: Integration | None, ours: Iterable[str]) -> str | None:
    """Return the remedy for an error name that can't arrive, None for one that can.

    `integration` is what the Task calls (None for a Map or Parallel, where anything within may arrive);
    `ours` are the error classes of the functions and the Errors of the machine's own Fail states.
    """
    if name.startswith("States."):
        return _unknown(name, RESERVED)
    plain = {*ours, *PYTHON}
    if name in plain or name in LAMBDA | RUNTIME:
        return None
    prefix, dot, error = name.partition(".")
    if not dot or prefix in ("Runtime", "Sandbox"):
        return did_you_mean(name, plain | RESERVED | LAMBDA | RUNTIME, "name an error class of the functions")
    return _service_problem(prefix, error, integration)


def _service_problem(prefix: str, error: str, integration: Integration | None) -> str | None:
    if integration is not None and prefix != integration.error_prefix:
        return f"write the prefix of what this state calls: {integration.error_prefix}"
    known = integration.service_errors if integration and integration.service_errors else _errors_of(prefix)
    if not known:
        return did_you_mean(prefix, _prefixes(), "write the prefix of a service that the machine calls")
    generic = {f"{prefix}Exception", f"Amazon{prefix}Exception", "SdkClientException"}
    # Errors without a model arrive under the service's generic name (aws-sdk:ec2 was seen to do so).
    otherwise = f"name a modelled error, or the generic {prefix}.{prefix}Exception"
    return None if error in known | generic else did_you_mean(error, known | generic, otherwise)


def _unknown(name: str, known: set[str]) -> str | None:
    return None if name in known else did_you_mean(name, known, f"use one of {', '.join(sorted(known))}")


def _errors_of(prefix: str) -> frozenset[str]:
    if prefix == "Lambda":
        return error_names(service_model("lambda")) | {name.removeprefix("Lambda.") for name in LAMBDA}
    optimised = next((each for each in OPTIMISED.values() if each.error_prefix == prefix), None)
    name = optimised.botocore_name if optimised else SDK_NAMES.get(prefix.lower(), prefix.lower())
    model = service_model(name)
    if model is None or (optimised is None and sdk_prefix(model) != prefix):
        return frozenset()
    # A service without a single modelled error (EC2) still has its generic one.
    return error_names(model) or frozenset({f"{prefix}Exception"})


def _prefixes() -> set[str]:
    ours = ("ecs", "autoscaling", "ec2", "stepfunctions", "dynamodb", "sns", "sqs", "events", "ssm")
    models = [service_model(name) for name in ours]
    return {sdk_prefix(model) for model in models if model} | {
        each.error_prefix for each in OPTIMISED.values()
    }
