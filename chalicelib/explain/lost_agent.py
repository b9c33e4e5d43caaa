"""Why a drain ends at an agent that stays disconnected, from what its looks remember: nothing is read again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.model import Task
from chalicelib.explain import Blocker, Circumstances
from chalicelib.explain.circumstances import DescribedInstance
from chalicelib.explain.of_instance import agent_disconnected
from chalicelib.look.memory import Memory
from chalicelib.plan.drain import Drain


def blocker_of(state: Mapping[str, Any], at: datetime) -> Blocker | None:
    """Return the lost agent with its remedy, given the machine's whole state.

    None where the instance is more than one container instance: no look remembers which of them is out of reach, and
    the remedy for a dead one must not be run on the other.
    """
    drain, memory = Drain.from_state(state["drain"]), Memory.from_state(state["look"]["memory"])
    known = [(cluster, arn) for cluster, arns in drain.containers.items() for arn in arns]
    if len(known) != 1:
        return None
    ((cluster, arn),) = known
    world = Circumstances(
        cluster,
        DescribedInstance(arn, drain.instance_id, "DRAINING", agent_connected=False),
        tuple(Task(task, status) for task, status in sorted(memory.tasks.items())),
        agent_disconnected_since=memory.disconnected_at,
        dead_agent_after=drain.policy.dead_agent_after,
    )
    return agent_disconnected(world, at)
