"""What `ecs-drainer doctor` recommends for each group: ECS's managed draining, watched, or a hook of ours. Pure.

Each reason names what one of them can do and the other can't; docs/managed-draining.md says what that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.common.trigger import Trigger
from chalicelib.explain.words import some, spell
from chalicelib.policy import DrainPolicy, Gates, OnDeadline
from cli.checkup_found import Complaint, Group, Level

NEEDS_OUR_ANSWER = {
    OnDeadline.ABANDON: "abandon",
    OnDeadline.ABANDON_ANYWAY: "abandon-anyway",
}
"""What is done at the deadline by answering the lifecycle action, which a watch must leave to ECS."""


class Choice(StrEnum):
    """Who drains a group's instances."""

    MANAGED = "managed draining, watched by ecs-drainer"
    OURS = "a lifecycle hook of ecs-drainer"


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation for one group, its reasons, and what is to be done for it."""

    group: str
    choice: Choice
    reasons: tuple[str, ...]
    to_do: str

    def complaint(self) -> Complaint:
        """Return the advice as the doctor lists it."""
        sentence = f"recommended is {self.choice}: {'; '.join(self.reasons)}"
        return Complaint(Level.ADVICE, f"group {self.group}", sentence, self.to_do)


def advise(found: Group) -> Advice:
    """Return who should drain this group's instances, with each reason.

    Managed draining is recommended wherever nothing asks for more: it costs nothing, and no function of ours can fail.
    """
    policies = [found.resolved(hook).policy for hook in (*found.ours, None)]
    reasons = tuple(dict.fromkeys(reason for policy in policies for reason in _for_ours(found, policy)))
    if reasons:
        return Advice(found.group.name, Choice.OURS, reasons, _to_have_ours(found))
    return Advice(found.group.name, Choice.MANAGED, _for_managed(found), _to_have_managed(found, policies[0]))


def _for_ours(found: Group, policy: DrainPolicy) -> Iterator[str]:
    if not _provider(found):
        yield "no capacity provider has these instances, and ECS drains those of capacity providers alone"
    if found.stateful or policy.gates is not Gates.OFF:
        who = some(found.stateful) if found.stateful else "the setting gates"
        yield f"stateful services ({who}) are asked before DRAINING is set, which ECS sets at once"
    if policy.max_concurrent_drains != DrainPolicy.default().max_concurrent_drains:
        yield "max_concurrent_drains lets drains wait for each other, and ECS begins them all"
    if policy.on_deadline in NEEDS_OUR_ANSWER:
        yield f"on_deadline {NEEDS_OUR_ANSWER[policy.on_deadline]} is an answer to a lifecycle action of ours"
    if found.group.retains_on_abandon:
        yield "its instance lifecycle policy keeps what is abandoned, and ECS's hook abandons nothing for it"


def _for_managed(found: Group) -> tuple[str, ...]:
    deadline = found.resolved().policy.deadline
    return (
        "nothing of its settings or services needs more than ECS does by itself, for up to 48 h and daemons last",
        f"watched, it has a deadline ({spell(deadline)}), explanations, notices and a history all the same",
    )


def _to_have_ours(found: Group) -> str:
    provider, name = found.managed_draining_by, found.group.name
    steps = [] if found.ours else [f"ecs-drainer enroll --asg {name}"]
    if provider:
        steps.append(
            f"aws ecs update-capacity-provider --name {provider} "
            "--auto-scaling-group-provider managedDraining=DISABLED"
        )
    return " && ".join(steps) or "nothing, it is so already"


def _to_have_managed(found: Group, policy: DrainPolicy) -> str:
    name, steps = found.group.name, list[str]()
    if not found.managed_draining_by:
        steps.append(
            f"aws ecs update-capacity-provider --name {_provider(found)} "
            "--auto-scaling-group-provider managedDraining=ENABLED"
        )
    if Trigger.MANAGED_DRAINING not in policy.triggers:
        chosen = " ".join(sorted({*policy.triggers, Trigger.MANAGED_DRAINING}))
        steps.append(
            f"aws autoscaling create-or-update-tags --tags 'ResourceId={name},ResourceType=auto-scaling-group,"
            f"Key=ecs-drainer:triggers,Value={chosen},PropagateAtLaunch=false'"
        )
    steps += [
        f"aws autoscaling delete-lifecycle-hook --auto-scaling-group-name {name} --lifecycle-hook-name {hook.name}"
        for hook in found.ours
    ]
    return " && ".join(steps) or "nothing, it is so already"


def _provider(found: Group) -> str | None:
    """Return the capacity provider whose group this is, or None."""
    own = (one.name for one in found.capacity.providers if one.group_name == found.group.name)
    return found.managed_draining_by or next(own, None)
