"""Lambda without Docker: functions run in this process, or from their deployed zip in worker processes."""

from embedded_aws.awslambda.doors import install
from embedded_aws.awslambda.in_process import InProcessRuntime
from embedded_aws.awslambda.state import Invocation, lambda_state, register_module, use_runtime
from embedded_aws.awslambda.worker import WorkerRuntime

__all__ = [
    "InProcessRuntime",
    "Invocation",
    "WorkerRuntime",
    "install",
    "lambda_state",
    "register_module",
    "use_runtime",
]
