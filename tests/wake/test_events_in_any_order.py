"""Whatever order events come in, doubled, late or lost, no execution is told that it is empty while a task is not.

The row behaves as DynamoDB would have it: `Ledger` is the conditional writes of chalicelib.gateways.waiting, in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.wake import EMPTIED, Heard, OfInstance, Waiting, by_instance, read_letters, why
from tests.builders import CLUSTER, INSTANCE_ARN, task_arn
from tests.wake.letters import batch, instance_event, stopped

MOST_TASKS = 6


@dataclass
class Ledger:
    """One row, its writes, and the execution that stores tokens in it."""

    row: Waiting | None = None
    tokens: int = 0
    told: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """Each telling of emptied, with the tasks that were not STOPPED then."""

    def look(self, unstopped: frozenset[str], counted: int | None = None) -> None:
        """Look and wait: the store of the token fails where an event was counted since `counted`."""
        if self.row is None:
            self.row = Waiting(instance=INSTANCE_ARN, execution="arn:x", cluster=CLUSTER, status="DRAINING")
        if counted is None or counted == self.row.events:
            self.tokens += 1
            self.row = replace(self.row, token=f"t{self.tokens}", tasks=unstopped, agent="connected")

    def apply(self, of: OfInstance) -> Heard | None:
        """Write what a batch says of the instance, as `waking` does."""
        if self.row is None:
            return None
        if of.tasks:
            self.row = replace(
                self.row, events=self.row.events + len(of.tasks), tasks=self.row.tasks - of.tasks
            )
        heard = Heard(self.row, has_stops=bool(of.tasks), letters=of.letters)
        if of.change and (self.row.version or 0) <= of.change.version:
            self.row = replace(self.row, events=self.row.events + 1, version=of.change.version)
            heard = heard.and_also(Heard(self.row, change=of.change, letters=of.letters))
        return heard


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[int], list[list[int]]]:
    """Draw how many tasks there are, in which order they stop, and which events each batch brings.

    An event is a task's number; it comes after the task has stopped, any number of times or never.
    """
    count = draw(st.integers(1, MOST_TASKS))
    order = draw(st.permutations(range(1, count + 1)))
    batches = draw(st.lists(st.lists(st.integers(1, count), min_size=1, max_size=5), min_size=1, max_size=12))
    return count, list(order), batches


@given(histories(), st.data())
def test_emptied_is_never_told_while_a_task_has_not_stopped(
    history: tuple[int, list[int], list[list[int]]], data: st.DataObject
) -> None:
    """Between batches tasks stop and the execution looks anew; a batch brings events of tasks that have stopped."""
    count, order, batches = history
    running, ledger = set(range(1, count + 1)), Ledger()
    ledger.look(frozenset(map(task_arn, running)))
    for numbers in batches:
        for _ in range(data.draw(st.integers(0, 2))):
            running -= set(order[:1])
            order = order[1:]
        if data.draw(st.booleans()):
            before = ledger.row.events if ledger.row else 0
            ledger.look(frozenset(map(task_arn, running)), data.draw(st.sampled_from([before, before - 1])))
        events = [stopped(number) for number in numbers if number not in running]
        events += [instance_event(version, agentConnected=True) for version in numbers[:1]]
        for of in by_instance(read_letters(batch(*events))):
            heard = ledger.apply(of)
            if heard and why(heard) == EMPTIED:
                ledger.told.append((str(heard.row.token), frozenset(map(task_arn, running))))
    assert [left for _, left in ledger.told if left] == []


@given(st.permutations(range(1, MOST_TASKS + 1)), st.integers(1, 3), st.integers(1, MOST_TASKS))
def test_emptied_is_told_once_every_event_has_come(order: list[int], doubles: int, size: int) -> None:
    """In any order, doubled, and cut into batches of any size: the last tells, and so does each double of it."""
    ledger = Ledger()
    ledger.look(frozenset(map(task_arn, order)))
    events = [stopped(number) for number in order for _ in range(doubles)]
    reasons = []
    for start in range(0, len(events), size):
        for of in by_instance(read_letters(batch(*events[start : start + size]))):
            heard = ledger.apply(of)
            reasons.append(why(heard) if heard else None)
    assert reasons[-1] == EMPTIED
    assert ledger.row is not None
    assert not ledger.row.tasks


@given(st.integers(1, MOST_TASKS), st.data())
def test_where_one_event_is_lost_nobody_is_told(lost: int, data: st.DataObject) -> None:
    """The safety look finds that task; what came of the others is in the row."""
    ledger = Ledger()
    ledger.look(frozenset(task_arn(number) for number in range(1, MOST_TASKS + 1)))
    others = [number for number in range(1, MOST_TASKS + 1) if number != lost]
    for number in data.draw(st.lists(st.sampled_from(others), max_size=12)):
        for of in by_instance(read_letters(batch(stopped(number)))):
            heard = ledger.apply(of)
            assert heard is not None
            assert why(heard) is None


def test_an_event_between_look_and_wait_lets_the_execution_look_again() -> None:
    """It would wait for a task of which nothing will be heard any more."""
    ledger = Ledger()
    ledger.look(frozenset({task_arn(1)}))
    assert ledger.row is not None
    ledger.row = replace(ledger.row, token=None, tasks=frozenset())
    counted = ledger.row.events
    (of,) = by_instance(read_letters(batch(stopped(1))))
    ledger.apply(of)
    ledger.look(frozenset({task_arn(1)}), counted)
    assert ledger.row.token is None
