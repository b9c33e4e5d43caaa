"""What a failure aborts: the other items of a Map, the other branches of a Parallel, and the states that these are in.

Recorded on 2024-03-10 for an inline Map: `MapIterationAborted` for each item that still runs, and
`TaskStateAborted` for its task and that of the item that failed. A Fail state isn't aborted (recorded 2023-08-08).
API reference, HistoryEvent: the same of Wait, Map and Parallel; that branches are told of as items are is a
reading.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType, MapIterationEventDetails
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import BranchWorker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import BranchWorkerPool
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError

from embedded_aws.aws import current
from embedded_aws.stepfunctions.frames import silence

ABORTED = {
    f"{kind}StateEntered": getattr(HistoryEventType, f"{kind}StateAborted")
    for kind in ("Task", "Wait", "Map", "Parallel")
}

_eval_job, _close_job = IterationWorker._eval_job, JobPool.close_job
_make_branch, _end_branch = BranchWorker.__init__, BranchWorkerPool.on_terminated


def install() -> None:
    """Tell in the history what is aborted."""
    EventHistoryContext.open_state = None
    JobPool.begun = None
    IterationWorker._eval_job = _begin_item
    JobPool.close_job = _end_item
    BranchWorker.__init__ = _begin_branch
    BranchWorkerPool.on_terminated = _end


def follow(context: Any, event_type: str) -> None:
    """Keep in mind which state a context is in, for its event is entered into the history."""
    if event_type.endswith("StateEntered"):
        context.open_state = event_type
    elif event_type.endswith("StateExited"):
        context.open_state = None


def _begin_item(worker: Any, env: Any, job: Any) -> None:
    pool = worker._job_pool
    pool.begun = [*(pool.begun or []), (job, env, worker._work_name)]
    _eval_job(worker, env, job)


def _end_item(pool: Any, job: Any) -> None:
    if isinstance(job.job_output, Exception) and not pool._is_terminated():
        (failed,) = (frame for other, frame, _ in pool.begun if other is job)
        for other, frame, name in pool.begun:
            if frame is failed:
                _abort_state(frame, failed)
            elif frame.is_running() and other.job_output is None:
                details = MapIterationEventDetails(name=name, index=other.job_index)
                _add(failed, HistoryEventType.MapIterationAborted, mapIterationAbortedEventDetails=details)
                _abort_state(frame, failed)
                _stop(frame)
    _close_job(pool, job)


def _begin_branch(worker: Any, branch_worker_comm: Any, program: Any, env: Any) -> None:
    _make_branch(worker, branch_worker_comm, program, env)
    branch_worker_comm.frames = [*getattr(branch_worker_comm, "frames", []), env]


def _end(pool: Any, env: Any) -> None:
    if isinstance(env.program_state(), ProgramError) and not pool._termination_event.is_set():
        for frame in pool.frames:
            if frame is env or frame.is_running():
                _abort_state(frame, env)
            if frame is not env:
                _stop(frame)
    _end_branch(pool, env)


def _abort_state(frame: Any, failed: Any) -> None:
    event_type = ABORTED.get(frame.event_history_context.open_state)
    if event_type:
        _add(failed, event_type)


def _add(failed: Any, event_type: Any, **details: Any) -> None:
    """Enter an event after what has failed, as recorded."""
    failed.event_manager.add_event(
        context=failed.event_history_context,
        event_type=event_type,
        event_details=EventDetails(**details) if details else None,
        update_source_event_id=False,
    )


def _stop(frame: Any) -> None:
    silence(frame)
    if frame.is_running():
        frame.set_stop(stop_date=current().clock.now(), cause=None, error=None)
