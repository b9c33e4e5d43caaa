"""Stories of stateful services: what keeps their gates closed before anything is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.gates import (
    Answer,
    Counts,
    Declared,
    GateMemory,
    Group,
    Holder,
    Lease,
    QueueRun,
    Rules,
    Seen,
    SignOff,
    StatefulService,
    decide_gates,
    declare,
)
from chalicelib.gates.leases import budget_key, quorum_key
from chalicelib.policy import DrainBudget
from docs.gallery.worlds import HOME, NOW, OTHER, REGION_AND_ACCOUNT, task_arn

EXECUTION = f"arn:aws:states:{REGION_AND_ACCOUNT}:execution:ecs-drainer-prod:"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
TASK = task_arn(1).rsplit("/", 1)[-1]


def service(name: str, tags: Mapping[str, str], healthy_elsewhere: int = 0) -> StatefulService:
    """Return a stateful service with one task on the instance; tags are given without their prefix."""
    return StatefulService(declared(name, tags), (TASK,), healthy_elsewhere)


def declared(name: str, tags: Mapping[str, str]) -> Declared:
    """Return what these tags of a service declare."""
    arn = f"arn:aws:ecs:{REGION_AND_ACCOUNT}:service/web/{name}"
    return declare(name, "web", {f"ecs-drainer:{key}": value for key, value in tags.items()}, arn)


ZOOKEEPER = service("zookeeper", {"quorum-group": "zookeeper"})
WHOLE = Group("zookeeper", max_unavailable=1, desired=3, here=1, healthy_elsewhere=2)
JOBS = service("jobs", {"drain-queue": QUEUE})
DEDUPE = service("dedupe", {"sign-off": "required 10m"})
MINE = Holder(HOME, f"{EXECUTION}{HOME}-manual-20260302T100000Z", NOW + timedelta(minutes=50), tasks=1)
THEIRS = Holder(OTHER, f"{EXECUTION}{OTHER}-5c1f0d2a", NOW + timedelta(minutes=50), tasks=1)
RULES = Rules(
    instance_id=HOME,
    execution=MINE.execution,
    cluster="web",
    zone="eu-west-1a",
    budget=DrainBudget(),
    deadline_at=NOW + timedelta(hours=1),
    leases_end_at=NOW + timedelta(hours=2),
)
LIMITED = replace(RULES, budget=DrainBudget(zone=1))


@dataclass(frozen=True, slots=True)
class AtTheGates:
    """A story and what a look at the gates saw in it."""

    kind: BlockerKind
    story: str
    seen: Seen
    memory: GateMemory = field(default_factory=GateMemory)
    rules: Rules = RULES

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """What keeps the gates closed."""
        return decide_gates(self.seen, self.memory, self.rules).blockers


def _lease(key: str, holder: Holder) -> dict[str, Lease]:
    return {key: Lease(key, {holder.instance_id: holder}, 1)}


def _counted(first: int, minutes: int = 10) -> GateMemory:
    return GateMemory(queues={QUEUE: QueueRun(first, first, NOW - timedelta(minutes=minutes))})


def _asked(minutes_left: int, **changes: str) -> dict[str, SignOff]:
    answer = Answer(changes.pop("answer", "asked"))
    return {TASK: SignOff(TASK, answer, NOW + timedelta(minutes=minutes_left), RULES.drain, **changes)}


GATES = (
    AtTheGates(
        BlockerKind.GATE_UNREADABLE,
        "Somebody tagged the service in a hurry.",
        Seen(at=NOW, services=(service("zookeeper", {"quorom-group": "zookeeper", "sign-off": "yes"}),)),
    ),
    AtTheGates(
        BlockerKind.SIGN_OFF_REFUSED,
        "The store is in the middle of a compaction, and says so.",
        Seen(
            at=NOW,
            services=(DEDUPE,),
            sign_offs=_asked(5, answer="refused", reason="compaction until 11:00", who="dedupe"),
        ),
    ),
    AtTheGates(
        BlockerKind.SIGN_OFF_OVERDUE,
        "The tag says `required 10m hold`, and the task said nothing.",
        Seen(at=NOW, services=(service("dedupe", {"sign-off": "required 10m hold"}),), sign_offs=_asked(-2)),
    ),
    AtTheGates(
        BlockerKind.GROUP_SHORT,
        "One of the other two members runs, but isn't healthy.",
        Seen(
            at=NOW,
            services=(ZOOKEEPER,),
            groups=(Group("zookeeper", 1, desired=3, here=1, healthy_elsewhere=1),),
        ),
    ),
    AtTheGates(
        BlockerKind.NO_STANDBY,
        "The only scheduler of the cluster runs on this instance.",
        Seen(at=NOW, services=(service("scheduler", {"replacement": "standby"}),)),
    ),
    AtTheGates(
        BlockerKind.QUEUE_UNREADABLE,
        "The queue was deleted, and its tag wasn't.",
        Seen(
            at=NOW,
            services=(JOBS,),
            queues={QUEUE: "GetQueueAttributes was answered with AWS.SimpleQueueService.NonExistentQueue"},
        ),
    ),
    AtTheGates(
        BlockerKind.QUEUE_GROWS,
        "More is written to the queue than its consumers take from it.",
        Seen(at=NOW, services=(JOBS,), queues={QUEUE: Counts(900, 40)}),
        _counted(first=700),
    ),
    AtTheGates(
        BlockerKind.QUORUM_TAKEN,
        "Two members of the group were asked to drain in the same second; this is the second.",
        Seen(
            at=NOW,
            services=(ZOOKEEPER,),
            groups=(WHOLE,),
            leases=_lease(quorum_key("zookeeper"), THEIRS),
        ),
    ),
    AtTheGates(
        BlockerKind.BUDGET_SPENT,
        "The cluster bears one drain at a time in each Availability Zone.",
        Seen(at=NOW, leases=_lease(budget_key("web", "eu-west-1a"), THEIRS)),
        rules=LIMITED,
    ),
    AtTheGates(
        BlockerKind.QUEUE_NOT_EMPTY,
        "The consumers are nearly done.",
        Seen(at=NOW, services=(JOBS,), queues={QUEUE: Counts(40, 10)}),
        _counted(first=550),
    ),
    AtTheGates(
        BlockerKind.SIGN_OFF_AWAITED,
        "The task was asked three minutes ago, and flushes its log.",
        Seen(at=NOW, services=(DEDUPE,), sign_offs=_asked(7)),
    ),
    AtTheGates(
        BlockerKind.NOT_ITS_TURN,
        "The producer leaves first, then the consumer of its queue.",
        Seen(
            at=NOW,
            services=(
                service("dedupe", {"sign-off": "required 10m", "order": "1"}),
                service("jobs", {"drain-queue": QUEUE, "order": "2"}),
            ),
            queues={QUEUE: Counts(3)},
            sign_offs=_asked(7),
        ),
    ),
)
