"""Stops tasks of an open drain at a person's word, by the same StopTask that a policy calls at the deadline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.explain.words import count, some
from chalicelib.gateways.stop import stop_tasks
from chalicelib.plan.drain import Drain
from cli import executions
from cli.desk import Desk
from cli.drains import Found, find_open
from cli.exit_codes import ExitCode
from cli.problems import Halt


@dataclass(frozen=True, slots=True)
class Stoppable:
    """An open drain, and the tasks that may be stopped in it."""

    found: Found
    state: Mapping[str, Any]

    @property
    def tasks(self) -> Mapping[str, str]:
        """The status of each task that its last look saw on the instance, by ARN."""
        tasks: Mapping[str, str] = self.state["look"]["memory"]["tasks"]
        return tasks


def read_stoppable(desk: Desk, instance_id: str) -> Stoppable:
    """Return what is to be known before tasks are stopped; raises Halt where none may be."""
    found = find_open(desk, instance_id)
    if found is None:
        raise Halt(f"No drain of {instance_id} is open", code=ExitCode.NOT_FOUND)
    state = desk.ask(executions.latest_state, found.execution)
    if not state:
        raise Halt(
            f"The drain of {instance_id} is being planned; try again in some seconds", code=ExitCode.REFUSED
        )
    if not state["look"].get("gates", {}).get("is_passed", True):
        remedy = "let the gates open first: `ecs-drainer explain` says what keeps them closed"
        raise Halt(f"{instance_id} is not DRAINING yet: its gates are closed", remedy, ExitCode.REFUSED)
    if not state["look"]["memory"]["tasks"]:
        raise Halt(f"No task is left on {instance_id}", code=ExitCode.NOT_FOUND)
    return Stoppable(found, state)


def stop_now(desk: Desk, stoppable: Stoppable, arns: Collection[str]) -> tuple[str, ...]:
    """Call StopTask for some of the drain's tasks; returns those that were told to stop.

    Raises Halt where one isn't on the instance, and then none is stopped.
    """
    strangers = sorted(set(arns) - stoppable.tasks.keys())
    if strangers or not arns:
        named = some([arn.rsplit("/", 1)[-1] for arn in strangers])
        sentence = f"{named} is no task that the drain's last look saw" if strangers else "No task was named"
        raise Halt(f"Nothing was stopped: {sentence}", code=ExitCode.NOT_FOUND)
    drain = Drain.from_state(stoppable.state["drain"])
    asked = desk.ask(stop_tasks, drain, arns, desk.now()).asked
    desk.say(f"StopTask was called for {count(len(asked), 'task')} of {drain.instance_id}.")
    return asked
