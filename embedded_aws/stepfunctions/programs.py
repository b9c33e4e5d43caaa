"""Programs: an execution, an item of a Map, a branch of a Parallel; TimeoutSeconds of the execution.

A program runs in the thread that asks for it; moto's own extra thread, which `join` left behind at a time-out,
is gone. The time-out is a timer on the virtual clock that ends the environment.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program

from embedded_aws.aws import current


def install() -> None:
    """Run programs on the virtual clock."""
    Program.eval = _eval


def _eval(program: Any, env: Any) -> None:
    env.next_state_name = program.start_at.start_at_name
    if program.timeout_seconds is None:
        EvalComponent.eval(program, env)
        return
    seconds = program.timeout_seconds.timeout_seconds
    timer = current().clock.call_later(seconds, env.set_timed_out, "TimeoutSeconds of an execution")
    try:
        EvalComponent.eval(program, env)
    finally:
        timer.cancel()
