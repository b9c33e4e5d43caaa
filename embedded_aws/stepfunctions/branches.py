"""Items of a Map and branches of a Parallel: threads that take turns on the virtual clock.

One that fails ends the others, as on AWS; moto lets those of a Map run on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component as distributed,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import BranchWorker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import BranchWorkerPool

from embedded_aws.aws import current
from embedded_aws.requests import acting_as
from embedded_aws.stepfunctions.frames import silence, stop_within
from embedded_aws.stepfunctions.history import HistoryFull

_stop_branch = BranchWorker.stop
_inline_map, _distributed_map = (
    InlineIterationComponent._eval_body,
    distributed.DistributedIterationComponent._eval_body,
)


def install() -> None:
    """Run items and branches side by side on the virtual clock."""
    InlineIterationComponent._launch_worker = _launch_worker
    InlineIterationComponent._eval_body = partial_method(_map_items, _inline_map)
    distributed.DistributedIterationComponent._eval_body = partial_method(_map_items, _distributed_map)
    JobPool.await_jobs = _await_jobs
    BranchWorker.start = _start_branch
    BranchWorker.stop = _stop_and_silence
    BranchWorkerPool.wait = _await_branches


def partial_method(method: Callable[..., None], original: Callable[..., None]) -> Callable[..., None]:
    """Return a method that gets the original as its first argument."""

    def call(self: Any, env: Any) -> None:
        method(original, self, env)

    return call


def run_beside(work: Callable[[], None], env: Any, label: str) -> None:
    """Run part of an execution on a thread of its own, in the name of the machine's role."""
    current().clock.spawn(partial(_run_as_role, work, env), label)


def _run_as_role(work: Callable[[], None], env: Any) -> None:
    execution = env.states.context_object.context_object_data["Execution"]
    with acting_as(execution["RoleArn"], execution["Name"]), suppress(HistoryFull):
        work()


def _launch_worker(component: Any, env: Any, eval_input: Any, job_pool: Any) -> Any:
    worker = component._create_worker(env=env, eval_input=eval_input, job_pool=job_pool)
    run_beside(partial(_run_item, worker, env), env, f"item of the Map state {eval_input.state_name}")
    return worker


def _run_item(worker: Any, env: Any) -> None:
    if env.is_running():
        worker.eval()
    else:  # the execution was stopped before this item's turn, for which moto finds no state to be in
        worker._job_pool._termination_event.set()


def _map_items(original: Callable[..., None], component: Any, env: Any) -> None:
    try:
        original(component, env)
    except Exception:
        stop_within(env)
        raise


def _await_jobs(pool: Any) -> None:
    if not pool._is_terminated():
        current().clock.sleep(math.inf, pool._termination_event)


def _start_branch(worker: Any) -> None:
    run_beside(partial(_run_branch, worker), worker.env, "branch of a Parallel state")


def _run_branch(worker: Any) -> None:
    if not worker.env.is_running():
        return  # another branch failed before this one's turn
    worker._program.eval(worker.env)
    worker._branch_worker_comm.on_terminated(env=worker.env)


def _stop_and_silence(worker: Any, stop_date: Any, cause: str | None, error: str | None) -> None:
    silence(worker.env)
    _stop_branch(worker, stop_date, cause, error)


def _await_branches(pool: Any) -> None:
    current().clock.sleep(math.inf, pool._termination_event)
