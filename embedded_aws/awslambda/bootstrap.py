"""What runs inside a worker process: imports the handler once, then calls it for each line of JSON.

It stands for the Lambda runtime, so it imports the standard library alone (and time_machine, where it is at
hand, to let the function see the virtual time). The embedded AWS imports its shapes for its own process.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from typing import Any, TextIO

FRAMES_OF_OURS = 1
"""The frames between the runtime and the handler, which AWS leaves out of a stack trace."""


@dataclass
class LambdaContext:
    """The context object of the Lambda developer guide, as far as it means anything here."""

    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    aws_request_id: str
    log_group_name: str
    log_stream_name: str
    timeout_seconds: float
    client_context: None = None
    identity: None = None

    def __post_init__(self) -> None:
        self._began = time.monotonic()

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function times out."""
        return max(0, int((self.timeout_seconds - (time.monotonic() - self._began)) * 1000))


@dataclass(frozen=True)
class Outcome:
    """The function's answer as JSON text, whether it is an error, and what the function printed."""

    payload: str
    error: bool = False
    log: str = ""
    seconds: float = 0
    """How long it took in virtual time, where it waited for something."""

    @classmethod
    def exited(cls, request_id: str, status: str) -> Outcome:
        """Return what Lambda answers where the process of the function has ended; `status` as in `exit status 1`."""
        message = f"RequestId: {request_id} Error: Runtime exited with error: {status}"
        return cls(unhandled("Runtime.ExitError", message, request_id), True, f"{message}\n")

    @classmethod
    def timed_out(cls, request_id: str, seconds: float) -> Outcome:
        """Return what Lambda answers where the function has not ended within its time."""
        message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
        return cls(unhandled("Sandbox.Timedout", message, request_id), True, f"{message}\n", seconds)

    @property
    def answer(self) -> Any:
        """The payload, read."""
        return json.loads(self.payload)

    @property
    def error_type(self) -> str | None:
        """The class name of the exception that ended the invocation, or None."""
        return str(self.answer["errorType"]) if self.error else None


def error_payload(error: BaseException, request_id: str) -> str:
    """Say, as Lambda does, what an exception of the handler was: its class is Step Functions' error name."""
    frames = traceback.extract_tb(error.__traceback__)[FRAMES_OF_OURS:]
    return unhandled(type(error).__name__, str(error), request_id, traceback.format_list(frames))


def unhandled(error_type: str, message: str, request_id: str, stack: list[str] | None = None) -> str:
    """Return the payload of an Unhandled error."""
    return json.dumps(
        {"errorMessage": message, "errorType": error_type, "requestId": request_id, "stackTrace": stack or []}
    )


def error_log(payload: str) -> str:
    """Say in the log what an error's payload says, as Lambda writes it."""
    error = json.loads(payload)
    trace = (
        "".join(["Traceback (most recent call last):\n", *error["stackTrace"]]) if error["stackTrace"] else ""
    )
    return f"[ERROR] {error['errorType']}: {error['errorMessage']}\n{trace}"


def call_handler(handler: Any, event: Any, context: LambdaContext) -> tuple[str, bool]:
    """Call the handler; returns its answer as JSON and whether that is an error."""
    request_id = context.aws_request_id
    try:
        answer = handler(event, context)
    except Exception as error:  # whatever it is, Lambda reports it
        return error_payload(error, request_id), True
    try:
        return json.dumps(answer), False
    except (TypeError, ValueError) as error:
        return unhandled("Runtime.MarshalError", f"Unable to marshal response: {error}", request_id), True


def find_handler(name: str) -> Any:
    """Import `module.function`; raises ImportError or AttributeError."""
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(module.replace("/", ".")), function)


def _answer(order: dict[str, Any], handlers: dict[str, Any]) -> tuple[str, bool]:
    name, context = os.environ["_HANDLER"], LambdaContext(**order["context"])
    request_id = context.aws_request_id
    try:
        handler = handlers.get(name) or find_handler(name)
    except ImportError as error:
        message = f"Unable to import module '{name.rpartition('.')[0]}': {error}"
        return unhandled("Runtime.ImportModuleError", message, request_id), True
    except AttributeError:
        module, _, function = name.rpartition(".")
        message = f"Handler '{function}' missing on module '{module}'"
        return unhandled("Runtime.HandlerNotFound", message, request_id), True
    handlers[name] = handler
    payload, failed = call_handler(handler, order["event"], context)
    if failed:
        sys.stderr.write(error_log(payload))
    return payload, failed


def _at(now: float) -> contextlib.AbstractContextManager[Any]:
    """Let the function see the virtual instant, in which an invocation takes no time."""
    try:
        import time_machine  # noqa: PLC0415  # may not be there, and then real time must do
    except ImportError:
        return contextlib.nullcontext()
    return time_machine.travel(now, tick=False)


def serve(orders: TextIO, answers: TextIO, output: Any) -> None:
    """Answer each order (a line of JSON) with a line of JSON: payload, error and what was printed."""
    handlers: dict[str, Any] = {}
    for line in orders:
        order = json.loads(line)
        began_at = output.seek(0, os.SEEK_END)
        with _at(order["now"]):
            payload, failed = _answer(order, handlers)
        sys.stdout.flush()
        sys.stderr.flush()
        output.seek(began_at)
        printed = output.read().decode(errors="replace")
        answers.write(json.dumps({"payload": payload, "error": failed, "log": printed}) + "\n")
        answers.flush()


def main() -> None:
    """Keep the pipes to the embedded AWS apart from what the function prints, then serve."""
    task, runtime = sys.argv[1:3]
    sys.path[0] = task
    sys.path.append(runtime)
    orders, answers = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() as output, open(os.devnull) as nothing:  # noqa: PTH123  # plain and early
        os.dup2(nothing.fileno(), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        serve(orders, answers, output)


if __name__ == "__main__":
    main()
