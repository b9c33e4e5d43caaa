"""Why a drain is refused before anything is touched: each objection says what is wrong and which flag overrides it.

Pure: a rule reads a Prospect and yields objections; every one is told, not only the first. The habit is
`kubectl drain`'s, whose filters name the flag that lifts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.common.model import Task, stamp
from chalicelib.explain import Outcome
from chalicelib.explain.words import count, some, spell
from chalicelib.look.decide import name_of
from chalicelib.policy import OnDeadline, manual_source
from chalicelib.policy.sources import DEFAULTS
from cli.outlook import time_needed
from cli.prospects import Prospect

FORCE = "--force"
STANDALONE = "--standalone"


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason not to drain."""

    kind: str
    """A word for programs."""
    instance_id: str
    sentence: str
    flag: str | None = None
    """What overrides it; None where nothing does."""

    def __str__(self) -> str:
        override = f" (override with {self.flag})" if self.flag else ""
        return f"{self.instance_id}: {self.sentence}{override}"

    @property
    def record(self) -> dict[str, str | None]:
        """The same for programs."""
        return {
            "kind": self.kind,
            "instance_id": self.instance_id,
            "sentence": self.sentence,
            "override": self.flag,
        }


Rule = Callable[[Prospect], Iterator[Objection]]


def objections(prospects: Iterable[Prospect]) -> tuple[Objection, ...]:
    """Return every objection to draining these instances, instance by instance."""
    return tuple(objection for prospect in prospects for rule in RULES for objection in rule(prospect))


def split(found: Iterable[Objection], *, force: bool) -> tuple[list[Objection], list[Objection]]:
    """Return the objections that stand, and those that --force overrides."""
    standing: list[Objection] = []
    overridden: list[Objection] = []
    for objection in found:
        (overridden if force and objection.flag == FORCE else standing).append(objection)
    return standing, overridden


def already_open(prospect: Prospect) -> Iterator[Objection]:
    """One instance has one open drain."""
    if prospect.open_execution:
        name = prospect.open_execution.rsplit(":", 1)[-1]
        sentence = f"it is being drained already, by {name}; follow it with `ecs-drainer watch {prospect.instance_id}`"
        yield Objection("already-open", prospect.instance_id, sentence)


def not_registered(prospect: Prospect) -> Iterator[Objection]:
    """An instance that no cluster knows holds nothing to drain."""
    if not prospect.findings.in_service:
        sentence = "no cluster has it as a container instance in service; there is nothing to drain"
        yield Objection("not-registered", prospect.instance_id, sentence)


def managed_by_ecs(prospect: Prospect) -> Iterator[Objection]:
    """ECS Managed Instances: AWS launches, patches, drains and terminates them, and no hook of ours can hold one.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ManagedInstances.html
    """
    if prospect.findings.is_managed_instance:
        sentence = (
            "it is one of ECS Managed Instances: ECS launches, patches, drains and terminates it by itself, and leaves "
            "no lifecycle hook to hold it by; `ecs-drainer explain` says what holds its tasks"
        )
        yield Objection("managed-instance", prospect.instance_id, sentence)


def on_its_way_out(prospect: Prospect) -> Iterator[Objection]:
    """Auto Scaling terminates it already: its lifecycle action starts the drain that can hold it."""
    state = prospect.lifecycle_state or ""
    if state.startswith(("Terminating", "Terminated", "Warmed:", "Detaching", "Detached")):
        sentence = (
            f"Auto Scaling has it as {state}: the drain that can hold it is started by its lifecycle hook, "
            "not by hand"
        )
        yield Objection("on-its-way-out", prospect.instance_id, sentence, FORCE)


def standalone_tasks(prospect: Prospect) -> Iterator[Objection]:
    """Nobody has said what is to become of tasks that DRAINING leaves alone."""
    if prospect.standalone and is_unsaid(prospect.plan.drain.sources):
        yield Objection("standalone-tasks", prospect.instance_id, left_alone(prospect.standalone), STANDALONE)


def is_unsaid(sources: Mapping[str, str]) -> bool:
    """Whether neither a person nor the stage nor the group's tags say what becomes of standalone tasks."""
    return sources["standalone_tasks"] == DEFAULTS


def left_alone(tasks: Sequence[Task], where: str = "") -> str:
    """Say which tasks DRAINING leaves alone, and what may be chosen for them."""
    named = some([f"{name_of(task)} {task.id[:8]}" for task in tasks])
    return (
        f"DRAINING leaves {count(len(tasks), 'standalone task')} alone ({named}){where}: say whether to wait, stop, "
        "'stop-after 10m' or ignore"
    )


def blocked_tasks(prospect: Prospect) -> Iterator[Objection]:
    """The drain can't end until somebody acts, unless the policy stops what is left."""
    if not prospect.is_blocked or prospect.policy.on_deadline is OnDeadline.STOP_TASKS:
        return
    for told in prospect.forecasts:
        fates = [fate for fate in told.fates if fate.outcome is Outcome.BLOCKED]
        for why, remedy in dict.fromkeys((fate.why, fate.remedy) for fate in fates):
            subjects = [f"{fate.subject}" for fate in fates if fate.why == why]
            sentence = f"{some(list(dict.fromkeys(subjects)))} can't leave: {why}. Remedy: {remedy}"
            yield Objection("blocked", prospect.instance_id, sentence, FORCE)


def protected_tasks(prospect: Prospect) -> Iterator[Objection]:
    """Tasks are protected beyond the deadline."""
    deadline_at = prospect.plan.times.deadline_at
    for world in prospect.worlds:
        for task in world.tasks:
            protection = world.protections.get(task.arn)
            if protection and (protection.expires_at is None or protection.expires_at > deadline_at):
                until = f"until {stamp(protection.expires_at)}" if protection.expires_at else "without an end"
                sentence = (
                    f"{name_of(task)} {task.id[:8]} is protected from scale-in {until}, "
                    f"which is beyond the deadline at {stamp(deadline_at)}"
                )
                yield Objection("protected", prospect.instance_id, sentence, FORCE)


def deadline_too_short(prospect: Prospect) -> Iterator[Objection]:
    """Even if nothing goes wrong, the deadline comes first."""
    deadline, (at_least, allow) = prospect.policy.deadline, time_needed(prospect.forecasts)
    if at_least > deadline and not prospect.is_blocked:
        sentence = (
            f"its tasks need at least {spell(at_least)} (allow {spell(allow)}), and the deadline is {spell(deadline)}: "
            f"give a longer --deadline, such as --deadline {int(allow.total_seconds()) + 60}s"
        )
        yield Objection("deadline-too-short", prospect.instance_id, sentence, FORCE)


def agent_disconnected(prospect: Prospect) -> Iterator[Objection]:
    """ECS can tell nothing to an instance whose agent is gone."""
    if any(not instance.agent_connected for instance in prospect.findings.in_service):
        patience = spell(prospect.policy.dead_agent_after)
        sentence = (
            f"its ECS agent is disconnected: no task can be told to stop; the drain gives up after {patience}"
        )
        yield Objection("agent-disconnected", prospect.instance_id, sentence, FORCE)


def asked_in_vain(prospect: Prospect) -> Iterator[Objection]:
    """A setting that was asked for can't serve this drain: nobody should find that out at the deadline."""
    asked = manual_source({}).name
    for name in prospect.request.settings:
        if prospect.plan.drain.sources[name] != asked:
            flag = f"--{name.replace('_', '-')}"
            begin = f"{name} in {asked}: "
            why = [
                each.removeprefix(begin).rpartition("; ")[0]
                for each in prospect.plan.drain.notices
                if each.startswith(begin)
            ]
            yield Objection("setting", prospect.instance_id, f"{flag} can't be kept: {some(why)}")


RULES: tuple[Rule, ...] = (
    not_registered,
    managed_by_ecs,
    already_open,
    on_its_way_out,
    agent_disconnected,
    standalone_tasks,
    blocked_tasks,
    protected_tasks,
    deadline_too_short,
    asked_in_vain,
)
