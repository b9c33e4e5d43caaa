"""How a task moves: PROVISIONING, PENDING, ACTIVATING, RUNNING, DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED.

ECS developer guide, task-lifecycle-explanation: targets are registered in ACTIVATING and deregistered, for the
group's delay, in DEACTIVATING; containers get SIGTERM in STOPPING, and SIGKILL after their stopTimeout. What the
agent does waits while the agent is disconnected; what ECS itself does (deregistering, deprovisioning) goes on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import partial

from embedded_aws.aws import later, now
from embedded_aws.ecs import events, target_groups
from embedded_aws.ecs.model import UP_TO_RUNNING, Task
from embedded_aws.ecs.runtime import KilledTask, ecs

PROVISIONING_SHARE, ACTIVATING_SHARE = 0.2, 0.8
"""When, of the time to RUNNING, PROVISIONING ends and ACTIVATING begins."""
DEPROVISIONING_SECONDS = 3.0
SIGKILLED = 137


def provision(task: Task) -> None:
    """Let a task wait, PROVISIONING, for an instance: it is nowhere until `begin`."""
    task.instance.hold(task, task.needs)
    events.task_changed(task)


def begin(task: Task) -> None:
    """Start a task that has just been placed."""
    task.instance.hold(task, task.needs)
    events.task_changed(task)
    _tell_observers(task)
    events.instance_changed(task.instance)
    go_on_starting(task)


def go_on_starting(task: Task, passed: float = 0.0) -> None:
    """Book what is still to come of a start that began `passed` seconds ago, by the status that is reached."""
    script, seconds = task.script, task.script.running_seconds(target_groups.has_targets(task))
    steps = (
        (seconds * PROVISIONING_SHARE, partial(_enter, task, "PENDING")),
        (seconds * ACTIVATING_SHARE, partial(_by_agent, task, partial(_activate, task))),
        (seconds, partial(_by_agent, task, partial(_run, task))),
        (script.healthy_seconds, partial(_by_agent, task, partial(_become_healthy, task))),
    )
    for due, step in steps[UP_TO_RUNNING.index(task.last_status) :]:
        _later(task, max(0.0, due - passed), step)


def go_on_running(task: Task) -> None:
    """Let a task that was found RUNNING run on: where it isn't healthy yet it becomes so, and it may exit by itself."""
    passed = (now() - task.created_at).total_seconds()
    if not task.is_healthy and not task.script.unhealthy:
        go_on_starting(task, passed)
    if task.script.exit_seconds is not None and task.started_at is not None:
        left = task.script.exit_seconds - (now() - task.started_at).total_seconds()
        _later(task, max(0.0, left), partial(_by_agent, task, partial(_exit, task)))


def go_on_stopping(task: Task, delay: float, passed: float) -> None:
    """Let a task that was found on its way to STOPPED go on: it was wanted so `passed` seconds ago.

    `delay`: the deregistration delay of its target groups in seconds, 0 without.
    """
    signal, ended = partial(_by_agent, task, partial(_signal, task)), partial(_containers_ended, task)
    if task.last_status == "DEPROVISIONING":
        _later(task, DEPROVISIONING_SECONDS, partial(_be_stopped, task))
    elif task.last_status != "STOPPING":
        _later(task, max(0.0, delay - passed), signal)
    elif task.script.stop_seconds < math.inf:
        _later(task, max(0.0, delay + task.script.stop_seconds - passed), partial(_by_agent, task, ended))


def stop(task: Task, code: str, reason: str) -> None:
    """Want the task STOPPED: from RUNNING through every status on the way; harmless when it is stopping."""
    if not task.is_live:
        return
    has_containers = task.last_status in ("ACTIVATING", "RUNNING")
    _want_stopped(task, code, reason)
    if not has_containers:
        _by_agent(task, partial(_deprovision, task))
    elif task.targets:
        _deactivate(task)
    else:
        _by_agent(task, partial(_deactivate, task))


def kill(task: Task, code: str, reason: str) -> None:
    """Have the task STOPPED at once, as when its EC2 instance is gone; its containers die, if any ran."""
    if task.last_status == "STOPPED":
        return
    record_kill(task)
    _end_at_once(task, code, reason)


def orphan(task: Task, reason: str) -> None:
    """Have ECS give the task up as STOPPED while its containers go on running."""
    task.instance.orphans.append(task)
    _end_at_once(task, "TerminationNotice", reason)


def record_kill(task: Task) -> None:
    """Write down that the task's containers died with their instance; once, and only if they had not ended."""
    if task.execution_stopped_at is None and not task.is_killed:
        task.is_killed = True
        ecs().killed.append(KilledTask(task.instance.ec2_instance_id, task.arn, task.last_status, now()))


def agent_returned(task: Task) -> None:
    """Let the agent, connected again, do and report what has waited."""
    waiting, task.unreported = task.unreported, []
    for action in waiting:
        action()


def connectivity_changed(task: Task) -> None:
    """Note whether the task can be reached."""
    if task.connectivity is not None:
        task.connectivity = "CONNECTED" if task.instance.agent_connected else "DISCONNECTED"
        task.connectivity_at = now()
        events.task_changed(task)


def wake_at(task: Task, at: datetime) -> None:
    """Have the schedulers look at the task again at an instant."""
    later((at - now()).total_seconds(), partial(task.wake, task), f"task {task.id} is looked at")


def _later(task: Task, seconds: float, action: Callable[[], None]) -> None:
    task.timers.append(later(seconds, action, f"task {task.id}"))


def _by_agent(task: Task, action: Callable[[], None]) -> None:
    if task.instance.agent_connected:
        action()
    else:
        task.unreported.append(action)


def _enter(task: Task, status: str) -> None:
    task.last_status = status
    events.task_changed(task)
    task.wake(task)
    _tell_observers(task)


def _tell_observers(task: Task) -> None:
    for observer in ecs().observers:
        observer(task)


def _activate(task: Task) -> None:
    task.pull_started_at = task.created_at
    task.pull_stopped_at = now()
    task.connectivity, task.connectivity_at = "CONNECTED", now()
    target_groups.register(task)
    _enter(task, "ACTIVATING")


def _run(task: Task) -> None:
    task.started_at = now()
    if task.script.exit_seconds is not None:
        _later(task, task.script.exit_seconds, partial(_by_agent, task, partial(_exit, task)))
    _enter(task, "RUNNING")


def _become_healthy(task: Task) -> None:
    task.is_healthy = not task.script.unhealthy
    if task.script.has_health_check:
        task.health_status = "HEALTHY" if task.is_healthy else "UNHEALTHY"
    target_groups.report_health(task)
    _enter(task, task.last_status)


def _exit(task: Task) -> None:
    task.has_stopped_by_itself = True
    task.execution_stopped_at, task.exit_code = now(), 0
    _want_stopped(task, "EssentialContainerExited", "Essential container in task exited")
    _deactivate(task)


def _want_stopped(task: Task, code: str, reason: str) -> None:
    task.forget_timers()
    task.desired_status, task.stop_code, task.stopped_reason = "STOPPED", code, reason
    task.stopping_at = now()
    task.is_healthy = False
    events.instance_changed(task.instance)
    _enter(task, task.last_status)


def _deactivate(task: Task) -> None:
    delay = target_groups.deregister(task)
    _enter(task, "DEACTIVATING")
    following = partial(_by_agent, task, partial(_signal, task))
    if delay:
        _later(task, delay, following)
    else:
        following()


def _signal(task: Task) -> None:
    _enter(task, "STOPPING")
    seconds = 0.0 if task.has_stopped_by_itself else task.script.stop_seconds
    if seconds < math.inf:
        _later(task, seconds, partial(_by_agent, task, partial(_containers_ended, task)))


def _containers_ended(task: Task) -> None:
    if task.execution_stopped_at is None:
        task.execution_stopped_at = now()
        task.exit_code = SIGKILLED if task.script.sigkilled else 0
    _deprovision(task)


def _deprovision(task: Task) -> None:
    _enter(task, "DEPROVISIONING")
    _later(task, DEPROVISIONING_SECONDS, partial(_be_stopped, task))


def _end_at_once(task: Task, code: str, reason: str) -> None:
    if task.is_live:
        _want_stopped(task, code, reason)
    task.forget_timers()
    target_groups.deregister(task)
    _be_stopped(task)


def _be_stopped(task: Task) -> None:
    task.stopped_at = now()
    task.connectivity = None if task.connectivity is None else "DISCONNECTED"
    task.instance.release(task, task.needs)
    events.instance_changed(task.instance)
    _enter(task, "STOPPED")
