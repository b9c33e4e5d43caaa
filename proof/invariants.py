"""What must hold whatever went wrong: pure functions over the records of a run, each giving sentences, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.plan.reconciling import EVERY, SLACK, patience
from proof.records import Completion, Drain, Records, TaskLife

LONGEST_DELAY = timedelta(minutes=10)
"""From an instance's last STOPPED task to the end of its drain."""
A_SECOND = timedelta(seconds=1)
"""Events carry whole seconds."""
LEFT_TO_ANOTHER = frozenset({"drain", "TakenOver", "not-admitted", "no outcome"})
"""How an execution ends that leaves the instance to another one, or alone; the first is still what its plan said."""


@dataclass(frozen=True)
class Clean:
    """What the same scenario came to without the fault."""

    outcomes: tuple[tuple[str, str], ...]
    """For each instance, how its last drain ended."""
    delays: tuple[tuple[str, timedelta], ...]
    """For each instance, from its last STOPPED task to the end of its drain."""
    left_behind: frozenset[str]
    """The groups of the tasks that were not STOPPED at a CONTINUE: the policy doesn't wait for them, or can't."""
    left_open: frozenset[str]
    alone: tuple[tuple[str, timedelta], ...] = ()
    """For each instance, how long it waited without a drain at most: by policy, where it was undrained."""


@dataclass(frozen=True)
class Case:
    """What a run was about: whether its fault lasts, and what came of the scenario without it."""

    clean: Clean
    lasts: bool = False
    """Whether nothing but a person ends the fault: then a drain may fail, and must say so."""
    patience: timedelta = timedelta(0)
    """What is added to every limit of time: as long as an outage lasts."""
    reconciler_is_struck: bool = False


def clean_of(records: Records) -> Clean:
    """Return what a run without a fault came to."""
    return Clean(
        outcomes=tuple(sorted(outcomes(records).items())),
        delays=tuple(sorted(delays(records).items())),
        left_behind=frozenset(task.group for task, _ in _alive_early(records)),
        left_open=frozenset(records.left_open),
        alone=tuple((instance, _longest_alone(records, instance)) for instance in _ever_waiting(records)),
    )


def outcomes(records: Records) -> dict[str, str]:
    """Return for each instance how its last drain ended that was not left to another one."""
    found = {}
    for drain in records.drains:
        if drain.outcome not in LEFT_TO_ANOTHER:
            found[drain.instance] = drain.outcome
    return found


def delays(records: Records) -> dict[str, timedelta]:
    """Return for each instance whose drain ended how long after its last STOPPED task that was."""
    found = {}
    for instance, end in _ends(records).items():
        stopped = [
            task.stopped_at
            for task in records.tasks
            if task.instance == instance and task.stopped_at is not None
        ]
        if stopped:
            found[instance] = end - max(stopped)
    return found


def _ends(records: Records) -> dict[str, datetime]:
    ends = {drain.instance: drain.ended_at for drain in records.drains if drain.ended_at}
    return {instance: at for instance, at in ends.items() if at} | {
        each.instance: each.at for each in records.completions
    }


def alive_at(records: Records, completion: Completion) -> list[TaskLife]:
    """Return the instance's tasks that were not STOPPED when it was let go."""
    return [
        task
        for task in records.tasks
        if task.instance == completion.instance
        and task.began_at <= completion.at
        and (task.stopped_at is None or task.stopped_at > completion.at)
    ]


def continue_is_never_early(records: Records, case: Case) -> Iterator[str]:
    """No CONTINUE before the deadline while a task that the policy waits for is not STOPPED."""
    for task, each in _alive_early(records):
        if task.group not in case.clean.left_behind:
            yield f"CONTINUE for {each.instance} at {each.at:%H:%M:%S} with {task.group} not STOPPED"


def _alive_early(records: Records) -> Iterator[tuple[TaskLife, Completion]]:
    """Yield the tasks that were not STOPPED at a CONTINUE before the deadline."""
    for each in records.completions:
        if each.result == "CONTINUE" and not _is_past_deadline(records, each):
            yield from ((task, each) for task in alive_at(records, each))


def _is_past_deadline(records: Records, completion: Completion) -> bool:
    deadlines = [
        drain.deadline_at
        for drain in records.drains
        if drain.instance == completion.instance and drain.began_at <= completion.at and drain.deadline_at
    ]
    return bool(deadlines) and completion.at >= deadlines[-1] - A_SECOND


def an_action_is_completed_once(records: Records, case: Case) -> Iterator[str]:
    """At most one CompleteLifecycleAction takes effect for each lifecycle action that began."""
    del case
    begun = Counter(records.actions)
    counts = Counter((each.instance, each.hook) for each in records.completions)
    for (instance, hook), count in counts.items():
        if count > begun[instance, hook]:
            yield f"{count} CompleteLifecycleAction of {hook} took effect for {instance}"


def no_instance_waits_alone(records: Records, case: Case) -> Iterator[str]:
    """No instance in Terminating:Wait is without an open drain for longer than the reconciler's period.

    After a failure that lasts, a drain is tried again at waits that grow to 16 minutes.
    """
    for instance in _ever_waiting(records):
        longest = _longest_alone(records, instance) - dict(case.clean.alone).get(instance, timedelta(0))
        failures = sum(drain.instance == instance and _has_failed(drain) for drain in records.drains)
        allowed = EVERY + SLACK + case.patience
        if case.lasts or case.patience:
            allowed += patience(failures) + EVERY
        if case.lasts and case.reconciler_is_struck:
            continue  # its own alarm rings, and there is nobody else
        if longest > allowed:
            yield f"{instance} waited {longest} without a drain"


def _ever_waiting(records: Records) -> list[str]:
    return sorted({each for moment in records.moments for each in moment.waiting})


def _longest_alone(records: Records, instance: str) -> timedelta:
    """Return the longest time without a drain; one that failed between two moments was there all the same."""
    begun = [drain.began_at for drain in records.drains if drain.instance == instance]
    longest, since = timedelta(0), None
    for moment in records.moments:
        is_alone = instance in moment.waiting and instance not in moment.draining
        if is_alone and since:
            since = max((at for at in begun if since < at <= moment.at), default=since)
        since = (since or moment.at) if is_alone else None
        longest = max(longest, moment.at - since) if since else longest
    return longest


def _has_failed(drain: Drain) -> bool:
    return drain.outcome not in ("running", "drained", "nothing-to-drain")


def nothing_is_left(records: Records, case: Case) -> Iterator[str]:
    """No lease, no lock and no waiting row of a drain that is over."""
    for each in sorted(set(records.left_open) - case.clean.left_open):
        yield f"{each} is left in the ledger"


def every_drain_ends(records: Records, case: Case) -> Iterator[str]:
    """Every execution ends, and where the fault passes, as it does without."""
    for drain in records.drains:
        if drain.outcome == "running":
            yield f"{drain.name} still runs at {records.ended_at:%H:%M:%S}"
    if case.lasts:
        return
    came = outcomes(records)
    for instance, outcome in case.clean.outcomes:
        if came.get(instance) != outcome:
            yield f"the drain of {instance} ended as {came.get(instance)}, and as {outcome} without the fault"


def no_drain_is_late(records: Records, case: Case) -> Iterator[str]:
    """Where the fault passes, a drain ends within ten minutes of the last STOPPED task."""
    if case.lasts:
        return
    came = delays(records)
    for instance, delay in case.clean.delays:
        allowed = max(timedelta(0), delay) + LONGEST_DELAY + case.patience
        if instance in came and came[instance] > allowed:
            yield f"the drain of {instance} ended {came[instance]} after its last STOPPED task"


def a_lasting_fault_is_told(records: Records, case: Case) -> Iterator[str]:
    """What nothing but a person can end is told: by a notice, an alarm's figure, or a line in the log.

    The line suffices where the drain comes to its right end all the same.
    """
    if not case.lasts or not records.struck:
        return
    is_right = outcomes(records) == dict(case.clean.outcomes)
    is_rung = records.dead_letters or any(_is_alarming(drain) for drain in records.drains)
    is_told = is_rung or any(_says_it(told) for told in records.notices)
    is_logged = any(_says_it(line) for line in records.warnings)
    if not is_told and not (is_right and is_logged):
        yield "the fault lasts, and nobody is told"


def _says_it(text: str) -> bool:
    return "denied" in text.lower() or "authoriz" in text.lower()


def _is_alarming(drain: Drain) -> bool:
    """Whether the execution failed: the alarm `drain-failed` counts it."""
    return drain.outcome not in ("running", "no outcome") and not drain.outcome.islower()


INVARIANTS: tuple[Callable[[Records, Case], Iterable[str]], ...] = (
    continue_is_never_early,
    an_action_is_completed_once,
    no_instance_waits_alone,
    nothing_is_left,
    every_drain_ends,
    no_drain_is_late,
    a_lasting_fault_is_told,
)


def broken(records: Records, case: Case) -> tuple[str, ...]:
    """Return what does not hold, each with the invariant's name."""
    return tuple(
        f"{invariant.__name__.replace('_', ' ')}: {said}"
        for invariant in INVARIANTS
        for said in invariant(records, case)
    )
