"""What tags declare, and when the gates open: the rules that the gallery's stories don't show."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.explain import BlockerKind
from chalicelib.gates import (
    Answer,
    Counts,
    Declared,
    GateMemory,
    Group,
    Holder,
    Lease,
    Leaving,
    Rules,
    Seen,
    SignOff,
    SignOffRule,
    Silence,
    StatefulService,
    decide_gates,
    declare,
)
from chalicelib.gates.foreseeing import foreseen
from chalicelib.gates.gate_memory import Slot, kept
from chalicelib.gates.leases import quorum_key
from chalicelib.policy import DrainBudget
from chalicelib.policy.parsers import drain_budget
from tests.builders import START, after

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
RULES = Rules(
    instance_id="i-1",
    execution="arn:aws:states:eu-west-1:123456789012:execution:m:i-1-x",
    cluster="web",
    zone="eu-west-1a",
    budget=DrainBudget(),
    deadline_at=after(hours=1),
    leases_end_at=after(minutes=90),
)
ME = RULES.holder(START)


def declared(**tags: str) -> Declared:
    return declare("store", "web", {f"ecs-drainer:{key.replace('_', '-')}": tag for key, tag in tags.items()})


def a_service(tasks: int = 1, healthy: int = 0, **tags: str) -> StatefulService:
    return StatefulService(declared(**tags), tuple(f"task{n}" for n in range(tasks)), healthy)


def a_group(**changes: Any) -> Group:
    return Group(
        **{"name": "zk", "max_unavailable": 1, "desired": 3, "here": 1, "healthy_elsewhere": 2, **changes}
    )


def held(holder: Holder = ME) -> dict[str, Lease]:
    key = quorum_key("zk")
    return {key: Lease(key, {holder.instance_id: holder}, 1)}


def kinds(seen: Seen, memory: GateMemory | None = None, rules: Rules = RULES) -> list[BlockerKind]:
    return [each.kind for each in decide_gates(seen, memory or GateMemory(), rules).blockers]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"quorum_group": "zk", "max_unavailable": "2"}, {"quorum_group": "zk", "max_unavailable": 2}),
        ({"drain_queue": "arn:aws:sqs:eu-west-1:123456789012:jobs.fifo"}, {"refusals": ()}),
        ({"drain_queue": QUEUE}, {"queue": QUEUE}),
        ({"sign_off": "required"}, {"sign_off": SignOffRule()}),
        ({"sign_off": "Required 1h hold"}, {"sign_off": SignOffRule(timedelta(hours=1), Silence.HOLD)}),
        ({"replacement": "standby"}, {"standby": True}),
        ({"order": "-3"}, {"order": -3}),
    ],
)
def test_tags_are_read(tags: dict[str, str], expected: dict[str, Any]) -> None:
    found = declared(**tags)
    assert found.refusals == ()
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"quorum_group": "a#b"}, "expected letters"),
        ({"quorum_group": "zk", "max_unavailable": "none"}, "expected 1 to 9999"),
        ({"quorum_group": "zk", "max_unavailable": "0"}, "expected 1 to 9999"),
        ({"max_unavailable": "2"}, "needs ecs-drainer:quorum-group"),
        ({"drain_queue": "jobs"}, "expected the URL or the ARN"),
        ({"sign_off": "required 1s"}, "no time from 10 s to 48 h"),
        ({"sign_off": "required 10m perhaps"}, "no time from"),
        ({"sign_off": "yes please"}, "expected `required`"),
        ({"replacement": "warm"}, "expected `standby`"),
        ({"order": "first"}, "lower ones leave first"),
        ({"quorum": "zk"}, "is no tag of a stateful service"),
    ],
)
def test_a_tag_that_cannot_be_read_keeps_its_gate_closed_and_is_told(tags: dict[str, str], said: str) -> None:
    service = StatefulService(declared(**tags), ("task0",))
    assert service.declared.is_stateful
    assert any(said in sentence for sentence in service.declared.refusals)
    assert kinds(Seen(at=START, services=(service,))) == [BlockerKind.GATE_UNREADABLE]


def test_tags_of_others_mean_nothing() -> None:
    assert not declare("web", "web", {"team": "payments", "quorum-group": "zk"}).is_stateful


def test_a_slot_is_taken_in_one_look_and_opens_the_gate_in_the_next() -> None:
    """Between reading the group and taking the slot another drain may have left the group short."""
    seen = Seen(at=START, services=(a_service(quorum_group="zk"),), groups=(a_group(),))
    first = decide_gates(seen, GateMemory(), RULES)
    assert (first.is_open, first.blockers, len(first.writes)) == (False, (), 1)
    assert first.memory.slots == (Slot(quorum_key("zk"), RULES.instance_id),)
    second = decide_gates(replace(seen, leases=held()), first.memory, RULES)
    assert (second.is_open, second.writes) == (True, ())


def test_a_slot_is_given_back_when_the_group_turns_out_short() -> None:
    group = a_group(healthy_elsewhere=1)
    seen = Seen(at=START, services=(a_service(quorum_group="zk"),), groups=(group,), leases=held())
    decision = decide_gates(seen, GateMemory(slots=(Slot(quorum_key("zk"), RULES.instance_id),)), RULES)
    assert [each.kind for each in decision.blockers] == [BlockerKind.GROUP_SHORT]
    assert [lease.holders for lease in decision.writes] == [{}]
    assert decision.memory.slots == ()


def test_a_broken_member_can_be_replaced() -> None:
    """Its own tasks are not counted as missing: it is the one that is short."""
    seen = Seen(at=START, services=(a_service(quorum_group="zk"),), groups=(a_group(),))
    assert kinds(seen) == []


def test_a_person_who_set_another_member_draining_is_waited_for() -> None:
    leaving = (Leaving("i-2", 1, "DRAINING"),)
    group = a_group(healthy_elsewhere=1, leaving=leaving)
    seen = Seen(at=START, services=(a_service(quorum_group="zk"),), groups=(group,))
    (blocker,) = decide_gates(seen, GateMemory(), RULES).blockers
    assert (blocker.kind, "i-2 (DRAINING)" in blocker.reason) == (BlockerKind.QUORUM_TAKEN, True)


def test_two_of_five_may_leave_at_once_where_the_tag_says_so() -> None:
    group = a_group(
        max_unavailable=2, desired=5, healthy_elsewhere=3, leaving=(Leaving("i-2", 1, "DRAINING"),)
    )
    assert kinds(Seen(at=START, services=(a_service(quorum_group="zk"),), groups=(group,))) == []


def test_a_lease_that_ran_out_holds_nobody() -> None:
    theirs = Holder("i-2", "arn:other", START, tasks=1)
    seen = Seen(at=START, services=(a_service(quorum_group="zk"),), groups=(a_group(),), leases=held(theirs))
    decision = decide_gates(seen, GateMemory(), RULES)
    assert [set(lease.holders) for lease in decision.writes] == [{"i-1"}]


def test_a_later_drain_of_the_same_instance_takes_its_slot_over() -> None:
    earlier = replace(ME, execution="arn:earlier")
    seen = Seen(at=START, services=(a_service(quorum_group="zk"),), groups=(a_group(),), leases=held(earlier))
    (lease,) = decide_gates(seen, GateMemory(), RULES).writes
    assert lease.holders["i-1"].execution == RULES.execution


def looks_at_queue(*looks: tuple[int, Counts]) -> list[bool]:
    memory, opened = GateMemory(), []
    for seconds, counts in looks:
        seen = Seen(
            at=after(seconds=seconds), services=(a_service(drain_queue=QUEUE),), queues={QUEUE: counts}
        )
        decision = decide_gates(seen, memory, RULES)
        memory = decision.memory
        opened.append(decision.is_open)
    return opened


def test_a_queue_is_empty_when_two_looks_a_minute_apart_say_so() -> None:
    """SQS's counts need a minute to be consistent."""
    empty = Counts()
    assert looks_at_queue((0, empty), (30, empty), (60, empty)) == [False, False, True]


@pytest.mark.parametrize("left", [Counts(visible=1), Counts(in_flight=1), Counts(delayed=1)])
def test_one_message_anywhere_begins_the_minute_anew(left: Counts) -> None:
    empty = Counts()
    looks = ((0, empty), (50, left), (70, empty), (120, empty), (130, empty))
    assert looks_at_queue(*looks) == [False, False, False, False, True]


def signing(answer: str = "asked", minutes: int = 10, drain: str = RULES.drain) -> dict[str, SignOff]:
    return {"task0": SignOff("task0", Answer(answer), after(minutes=minutes), drain)}


def test_a_task_is_asked_once_and_only_with_the_slot_in_hand() -> None:
    service = a_service(quorum_group="zk", sign_off="required 10m")
    seen = Seen(at=START, services=(service,), groups=(a_group(),))
    assert decide_gates(seen, GateMemory(), RULES).asks == ()
    with_slot = replace(seen, leases=held())
    (ask,) = decide_gates(with_slot, GateMemory(), RULES).asks
    assert (ask.task, ask.answer_by) == ("task0", after(minutes=10))
    assert decide_gates(replace(with_slot, sign_offs=signing()), GateMemory(), RULES).asks == ()


@pytest.mark.parametrize(
    ("tag", "sign_offs", "at", "expected"),
    [
        ("required", signing("signed"), START, []),
        ("required", signing("signed", drain="an-earlier-one"), START, []),
        ("required", signing(), START, [BlockerKind.SIGN_OFF_AWAITED]),
        ("required", signing(), after(minutes=10), []),
        ("required 10m hold", signing(), after(minutes=10), [BlockerKind.SIGN_OFF_OVERDUE]),
        ("required", signing("refused"), after(minutes=30), [BlockerKind.SIGN_OFF_REFUSED]),
    ],
)
def test_what_an_answer_and_silence_mean(
    tag: str, sign_offs: dict[str, SignOff], at: datetime, expected: list[BlockerKind]
) -> None:
    assert kinds(Seen(at=at, services=(a_service(sign_off=tag),), sign_offs=sign_offs)) == expected


def test_a_standby_for_each_task_opens_the_gate() -> None:
    assert kinds(Seen(at=START, services=(a_service(2, 1, replacement="standby"),))) == [
        BlockerKind.NO_STANDBY
    ]
    assert kinds(Seen(at=START, services=(a_service(2, 2, replacement="standby"),))) == []


def test_what_is_draining_already_is_not_held_back_but_counted() -> None:
    theirs = Holder("i-2", "arn:other", after(hours=1), tasks=1)
    seen = Seen(
        at=START,
        services=(a_service(quorum_group="zk"),),
        groups=(a_group(),),
        leases=held(theirs),
        is_draining=True,
    )
    decision = decide_gates(seen, GateMemory(), RULES)
    assert decision.is_open
    assert set(decision.writes[0].holders) == {"i-1", "i-2"}


def test_closed_gates_are_forced_at_their_time_and_no_sooner() -> None:
    rules = replace(RULES, forced_at=after(minutes=50))
    seen = Seen(at=after(minutes=49), services=(a_service(replacement="standby"),))
    assert not decide_gates(seen, GateMemory(), rules).is_open
    late = decide_gates(replace(seen, at=after(minutes=50)), GateMemory(), rules)
    assert (late.is_open, [each.kind for each in late.blockers]) == (True, [BlockerKind.NO_STANDBY])


def test_blockers_and_memory_survive_the_machines_json() -> None:
    seen = Seen(at=START, services=(a_service(sign_off="required"),), sign_offs=signing())
    decision = decide_gates(seen, GateMemory(zone="a"), RULES)
    memory = replace(decision.memory, blockers=kept(decision.blockers))
    assert memory.blockers
    assert GateMemory.from_state(json.loads(json.dumps(memory.to_state()))) == memory


def test_gates_that_cannot_open_in_time_are_told_with_the_plan() -> None:
    given = [declared(sign_off="required 2h"), declared(drain_queue=QUEUE), declared(order="x")]
    told = list(foreseen(given, timedelta(minutes=1), is_observed=False))
    assert len(told) == 3
    assert "may take 2 h to sign off" in told[0]
    assert "can't be kept" in next(foreseen(given, timedelta(hours=1), is_observed=True))


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("unlimited", DrainBudget()),
        (3, DrainBudget(cluster=3)),
        ("1 per zone", DrainBudget(zone=1)),
        ("3, 1 per zone", DrainBudget(3, 1)),
    ],
)
def test_a_drain_budget_is_read_and_written(text: object, budget: DrainBudget) -> None:
    assert drain_budget(text) == budget
    assert drain_budget(str(budget)) == budget


@pytest.mark.parametrize("text", ["", "0", "many", "1 per", "per zone", "31 1 1 per zone", True, None])
def test_what_is_no_budget_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is no drain budget"):
        drain_budget(text)
