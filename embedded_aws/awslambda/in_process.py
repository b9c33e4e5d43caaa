"""Functions run in this process: the handler of an imported module, as its role, with its environment."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock, get_ident
from typing import Any
from unittest.mock import patch

from embedded_aws.awslambda.bootstrap import LambdaContext, Outcome, call_handler, error_log, find_handler
from embedded_aws.requests import Ending, ProcessEnded, acting_as
from embedded_aws.requests.endings import is_timed, spend, timed

_environment_lock = RLock()
"""One function at a time: `os.environ` is the process's. Re-entrant, for a function that invokes another."""


class InProcessRuntime:
    """Finds handlers `app.look` in the module imported as `app`, or in one registered under that name."""

    def __init__(self, modules: dict[str, Any] | None = None) -> None:
        self.modules = modules or {}

    def run(self, function: Any, event: Any, context: LambdaContext) -> Outcome:
        """Call the handler as the function's role; what it logs while it runs is its log."""
        handler = self._handler(function.handler)
        with (
            _environment_lock,
            acting_as(function.role, function.function_name),
            environment(function_environment(function)),
            captured_log() as lines,
            patch("time.sleep", _spend_or_sleep),
            timed(context.timeout_seconds) as spending,
        ):
            try:
                payload, failed = call_handler(handler, event, context)
            except ProcessEnded as end:
                return _ended(end.ending, context)
        printed = "".join(f"{line}\n" for line in lines)
        log = printed + error_log(payload) if failed else printed
        return Outcome(payload, failed, log, spending.spent)

    def close(self) -> None:
        """Nothing outlives a call."""

    def _handler(self, name: str) -> Any:
        module, _, function = name.rpartition(".")
        if module in self.modules:
            return getattr(self.modules[module], function)
        return find_handler(name)


_sleep = time.sleep


def _spend_or_sleep(seconds: float) -> None:
    """Let a function's sleep cost virtual time, in whole seconds; another thread sleeps as ever.

    What botocore waits before its second attempt is drawn by chance, and less than one: no two runs would be alike.
    """
    if is_timed():
        spend(seconds // 1)
    else:
        _sleep(seconds)


def _ended(ending: Ending, context: LambdaContext) -> Outcome:
    if ending is Ending.TIME_OUT:
        return Outcome.timed_out(context.aws_request_id, context.timeout_seconds)
    return Outcome.exited(context.aws_request_id, "exit status 1")


def function_environment(function: Any) -> dict[str, str]:
    """Return the variables that a function finds: its own, and those the Lambda runtime sets."""
    return {
        **{name: str(value) for name, value in function.environment_vars.items()},
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.logs_group_name,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "_HANDLER": function.handler,
    }


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """Set variables and put them back one by one: other threads must never see the rest of them gone."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def captured_log() -> Iterator[list[str]]:
    """Collect what this thread logs."""
    lines: list[str] = []
    handler = logging.Handler()
    thread = get_ident()

    def keep(record: logging.LogRecord) -> None:
        if record.thread == thread:
            lines.append(f"[{record.levelname}] {record.getMessage()}")

    handler.emit = keep  # type: ignore[method-assign]  # a handler of one line needs no class
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)
