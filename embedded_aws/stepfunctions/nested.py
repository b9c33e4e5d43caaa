"""`states:startExecution.sync` and `.sync:2`: a parent waits for its child, and takes it along when it ends.

moto asks every half second; here the parent sleeps until the child has closed. Source of the rest: Step
Functions developer guide, "Run a job (.sync)": a task that is aborted calls StopExecution for the child, as well as
it can. The call is made with the parent's role: where that may not stop executions, the child goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (
    StateTaskServiceSfn,
)

from embedded_aws.permissions import role_allows
from embedded_aws.stepfunctions.backend import find_execution
from embedded_aws.stepfunctions.behaviour import behaviour
from embedded_aws.stepfunctions.executions import Execution
from embedded_aws.stepfunctions.frames import rest

POLL_SECONDS = 30.0
"""How often jobs of other services are asked for; AWS doesn't say."""

CAUSE = "The state machine execution that started it ended"

_sync, _sync2 = StateTaskServiceSfn._build_sync_resolver, StateTaskServiceSfn._build_sync2_resolver


def install() -> None:
    """Wait for nested executions on the virtual clock."""
    StateTaskServiceCallback._eval_sync = _eval_sync
    StateTaskServiceSfn._build_sync_resolver = _awaiting(_sync)
    StateTaskServiceSfn._build_sync2_resolver = _awaiting(_sync2)


@dataclass
class _Child:
    """A resolver as moto calls it: None while the child runs, then its description, or its failure raised."""

    resolve: Callable[[], Any]
    execution: Execution
    role: str
    """The ARN of the parent's role."""

    def __call__(self) -> Any:
        return self.resolve() if self.execution.closed.is_set() else None

    def cancel(self) -> None:
        """Stop the child, whose parent has ended, if the parent's role may."""
        unasked = behaviour().stops_children_unasked
        if unasked or role_allows(self.role, "states:StopExecution", self.execution.exec_arn):
            self.execution.stop(None, error=None, cause=CAUSE)


def _awaiting(build: Callable[..., Callable[[], Any]]) -> Callable[..., _Child]:
    def build_child(task: Any, env: Any, **parts: Any) -> _Child:
        execution = find_execution(env.stack[-1]["ExecutionArn"])
        return _Child(build(task, env=env, **parts), execution, env.aws_execution_details.role_arn)

    return build_child


def _eval_sync(_: Any, env: Any, sync_resolver: Any, **__: Any) -> Any:
    while env.is_running():
        result = sync_resolver()
        if result:
            return result
        if isinstance(sync_resolver, _Child):
            rest(env, math.inf, sync_resolver.execution.closed)
        else:
            rest(env, POLL_SECONDS)
    if isinstance(sync_resolver, _Child):
        sync_resolver.cancel()
    return None
