"""Lambda without Docker: functions run in this process, or from their deployed zip in worker processes."""

from simulator.awslambda.doors import install
from simulator.awslambda.in_process import InProcessRuntime
from simulator.awslambda.state import Invocation, lambda_state, register_module, use_runtime
from simulator.awslambda.worker import WorkerRuntime

__all__ = [
    "InProcessRuntime",
    "Invocation",
    "WorkerRuntime",
    "install",
    "lambda_state",
    "register_module",
    "use_runtime",
]
