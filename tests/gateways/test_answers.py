"""The table: every call that the gateways make, by every answer that AWS may give to it, with what comes of it.

Rows are calls, found in the source. Columns are kinds of answers; where a row says nothing of one, DEFAULT holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib.common.errors import (
    AccessDenied,
    AwsRefused,
    AwsUnavailable,
    ConditionFailed,
    DrainerError,
    Gone,
    Throttled,
)
from chalicelib.common.ledger import Record
from chalicelib.common.model import AutoScalingGroup
from chalicelib.common.services import DEFAULT_STOP_TIMEOUT
from chalicelib.gates.declared import Silence
from chalicelib.gates.leases import Holder, Lease
from chalicelib.gates.signing import Ask
from chalicelib.gateways import (
    autoscaling,
    ecs,
    events,
    gates,
    leases,
    ledger,
    queues,
    sign_offs,
    stepfunctions,
    target_groups,
    topics,
    turns,
    waiting,
)
from chalicelib.gateways.aws import client
from chalicelib.gateways.sign_offs import Asking, NotAsked
from chalicelib.tell.bodies import Notice
from chalicelib.tell.event import DrainEvent
from tests.builders import CLUSTER, INSTANCE_ARN, START, after, task_arn
from tests.gateways.answers_by_service import Answer, answers_to
from tests.gateways.sites import calls
from tests.gateways.stubs import Stubs

DEFAULT = {
    "throttled": Throttled,
    "down": AwsUnavailable,
    "denied": AccessDenied,
    "refused": AwsRefused,
    "condition": ConditionFailed,
    "gone": Gone,
    "missing": Gone,
    "unknown": AwsUnavailable,
}

TABLE, EXECUTION = (
    "ecs-drainer-dev-ledger",
    "arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev:x",
)
MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:ecs-drainer-dev"
DEFINITION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"
TARGETS = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/6d0ecf831eec9f09"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:jobs"
POOLED = AutoScalingGroup("web-ecs", {}, False, {"i-1": "InService"}, has_warm_pool=True)
ASKING = Asking(
    table=TABLE,
    topic="arn:aws:sns:eu-west-1:123456789012:drains",
    drain="x",
    instance_id="i-1",
    cluster="web",
    deadline_at=after(hours=1),
    row="arn:row",
)
ASKED = Ask("0a1b", "dedupe", after(minutes=10), Silence.PROCEED)
NOTICE = Notice("ecs-drainer: i-1 is being drained", "draining", {"blockers": None})
HAPPENED = DrainEvent("Drain Started", {"version": "1"}, (EXECUTION,), START)
HOLDER = Holder("i-1", EXECUTION, after(hours=1))
RECORD = Record(
    name="x",
    instance_id="i-1",
    execution=EXECUTION,
    status="open",
    trigger="manual",
    who="-",
    reason="-",
    started_at=START,
)

Expectation = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """One call of one function."""

    function: str
    service: str
    method: str
    make: Callable[[], Any]
    outcomes: dict[str, Any] = field(default_factory=dict)
    """By kind of answer: a value, or the class of the error; a function of the value says so of it."""
    before: tuple[Expectation, ...] = ()
    """What is called before it, with its answers."""
    after: tuple[Expectation, ...] = ()
    """What is called after it, where something is gone."""

    @property
    def name(self) -> str:
        return f"{self.function}: {self.service}.{self.method}"


def is_why(value: Any) -> bool:
    """Whether it is a sentence that says why there is no value."""
    return isinstance(value, str)


def gone(value: Any, **more: Any) -> dict[str, Any]:
    """Say what comes of a call when what it names is gone, and of `failures` that say so."""
    return {"gone": value, "missing": value, **more}


NOT_TOLD = ("sns", "publish", {"MessageId": "1"})
WRITTEN: Expectation = ("dynamodb", "put_item", {})
KEYS: Expectation = ("dynamodb", "query", {"Items": [{"pk": {"S": f"waiting#{INSTANCE_ARN}"}}]})
URL: Expectation = ("sqs", "get_queue_url", {"QueueUrl": QUEUE})
ATTRIBUTES: Expectation = ("elbv2", "describe_target_group_attributes", {"Attributes": []})

ROWS = (
    # Auto Scaling: a group that is gone has no hooks, no pool and no instances.
    Row("autoscaling.describe_group", "autoscaling", "describe_auto_scaling_groups",
        lambda: autoscaling.describe_group("web-ecs")),
    Row("autoscaling.describe_groups", "autoscaling", "describe_auto_scaling_groups",
        lambda: autoscaling.describe_groups(["web-ecs"])),
    Row("autoscaling.all_groups", "autoscaling", "describe_auto_scaling_groups", autoscaling.all_groups),
    Row("autoscaling._with_pool", "autoscaling", "describe_warm_pool",
        lambda: autoscaling._with_pool(POOLED), gone(POOLED)),
    Row("autoscaling._hooks", "autoscaling", "describe_lifecycle_hooks",
        lambda: autoscaling.describe_hook("web-ecs", "ecs-drain"), gone(None)),
    Row("autoscaling._member", "autoscaling", "describe_auto_scaling_instances",
        lambda: autoscaling.group_of("i-1")),
    Row("autoscaling.groups_of", "autoscaling", "describe_auto_scaling_instances",
        lambda: autoscaling.groups_of(["i-1"])),
    # ECS: what is gone is left out; of what could not be listed nothing is claimed (Gone).
    Row("ecs.list_clusters", "ecs", "list_clusters", ecs.list_clusters),
    Row("ecs.container_instances_of", "ecs", "list_container_instances",
        lambda: ecs.container_instances_of("i-1", CLUSTER), gone(Gone)),
    Row("ecs.list_tasks", "ecs", "list_tasks", lambda: ecs.list_tasks(CLUSTER, INSTANCE_ARN), gone(Gone)),
    Row("ecs.tasks_where", "ecs", "list_tasks", lambda: ecs.tasks_where(CLUSTER), gone([])),
    Row("ecs.all_container_instances", "ecs", "list_container_instances",
        lambda: ecs.all_container_instances(CLUSTER), gone(())),
    Row("ecs.list_services", "ecs", "list_services",
        lambda: gates.members_of([CLUSTER], frozenset({"store"})), gone({"store": ()})),
    Row("ecs.stop_task", "ecs", "stop_task", lambda: ecs.stop_task(CLUSTER, task_arn(), "drained"), gone(False)),
    Row("ecs.set_state", "ecs", "update_container_instances_state",
        lambda: ecs.set_state(CLUSTER, ["arn:x"], "ACTIVE"), gone((), unknown=AwsRefused)),
    Row("ecs_calls.read_container_instances", "ecs", "describe_container_instances",
        lambda: ecs.describe_container_instances(CLUSTER, ["arn:x"]), gone(())),
    Row("ecs_calls.read_tasks", "ecs", "describe_tasks",
        lambda: ecs.describe_tasks(CLUSTER, ["arn:x"]).gone, gone(frozenset({"arn:x"}))),
    Row("ecs_calls.read_services", "ecs", "describe_services",
        lambda: ecs.describe_services(CLUSTER, ["web"]), gone(())),
    Row("ecs_calls.read_task_definition", "ecs", "describe_task_definition",
        lambda: ecs.longest_stop([DEFINITION]), gone(DEFAULT_STOP_TIMEOUT)),
    Row("ecs_calls.read_capacity_providers", "ecs", "describe_capacity_providers",
        lambda: ecs.capacity_providers(["spot"]), gone({})),
    Row("ecs_calls.read_cluster", "ecs", "describe_clusters", lambda: ecs.default_shares(CLUSTER), gone(())),
    Row("ecs_calls.read_protections", "ecs", "get_task_protection",
        lambda: ecs.protections(CLUSTER, [task_arn()]), gone({})),
    # Elastic Load Balancing: a target group that is gone is none of the service's.
    Row("target_groups._listed", "elbv2", "describe_target_groups",
        lambda: target_groups._listed([TARGETS]), gone([])),
    Row("target_groups._described", "elbv2", "describe_target_group_attributes",
        lambda: target_groups._described({"TargetGroupArn": TARGETS}), gone(None)),
    Row("target_groups._described", "elbv2", "describe_target_health",
        lambda: target_groups._described({"TargetGroupArn": TARGETS}), gone(None), before=(ATTRIBUTES,)),
    # SQS: a queue that can't be counted, gone or not, is not empty.
    Row("queues.count", "sqs", "get_queue_attributes", lambda: queues.count(QUEUE),
        gone(is_why, denied=is_why, refused=is_why)),
    Row("queues._url", "sqs", "get_queue_url", lambda: queues.count("arn:aws:sqs:eu-west-1:123456789012:jobs"),
        gone(is_why, denied=is_why, refused=is_why)),
    Row("queues.postpone", "sqs", "change_message_visibility_batch",
        lambda: queues.postpone(QUEUE_ARN, {"handle": 5}), gone(Gone),
        before=(URL,)),
    # SNS: a question that nobody hears is written down all the same.
    Row("sign_offs._is_told", "sns", "publish", lambda: sign_offs.ask(ASKING, [ASKED], START), gone(("0a1b",)),
        after=(WRITTEN,)),
    # DynamoDB: conditions are answers.
    Row("sign_offs._record", "dynamodb", "put_item", lambda: sign_offs.ask(ASKING, [ASKED], START),
        {"condition": ()}, before=(NOT_TOLD,)),
    Row("sign_offs.answer", "dynamodb", "update_item", lambda: sign_offs.answer(TABLE, "0a1b", {"state": "signed"}),
        {"condition": NotAsked}),
    Row("sign_offs.asked_until", "dynamodb", "get_item", lambda: sign_offs.asked_until(TABLE, "0a1b")),
    Row("leases._items", "dynamodb", "batch_get_item", lambda: leases.read_kept(TABLE, ["lease#a"], ())),
    Row("leases.write_leases", "dynamodb", "transact_write_items",
        lambda: leases.write_leases(TABLE, [Lease("lease#a"), Lease("lease#b")]), {"condition": False}),
    Row("leases._renewed", "dynamodb", "update_item", lambda: leases.renew(TABLE, ["lease#a"], HOLDER),
        {"condition": ("lease#a",)}),
    Row("ledger.read_entry", "dynamodb", "get_item", lambda: ledger.read_entry(TABLE, "i-1")),
    Row("ledger.read_record", "dynamodb", "get_item", lambda: ledger.read_record(TABLE, "x")),
    Row("ledger.read_records", "dynamodb", "scan", lambda: ledger.read_records(TABLE)),
    Row("ledger.read_fleet", "dynamodb", "get_item", lambda: ledger.read_fleet(TABLE, "x")),
    Row("ledger.forget_drained", "dynamodb", "update_item", lambda: ledger.forget_drained(TABLE, "i-1"),
        {"condition": None}),
    Row("ledger.close_late", "dynamodb", "transact_write_items",
        lambda: ledger.close_late(TABLE, RECORD, "drained", START), {"condition": None}),
    Row("ledger.close_cancelled", "dynamodb", "transact_write_items",
        lambda: ledger.close_cancelled(TABLE, RECORD, "ann", "a mistake", START)),
    Row("ledger.close_fleet_cancelled", "dynamodb", "update_item",
        lambda: ledger.close_fleet_cancelled(TABLE, "x", who="ann", why="-", results=[], at=START),
        {"condition": None}),
    # Of a drain that waits: no row, or another's, is an answer.
    Row("waiting.read_waiting", "dynamodb", "get_item", lambda: waiting.read_waiting(TABLE, INSTANCE_ARN)),
    Row("turns.take_turn", "dynamodb", "update_item", lambda: turns.take_turn(TABLE, START), {"condition": False}),
    Row("waiting.open_row", "dynamodb", "update_item",
        lambda: waiting.open_row(TABLE, INSTANCE_ARN, execution=EXECUTION, cluster=CLUSTER, expires_at=1)),
    Row("waiting._changed", "dynamodb", "update_item",
        lambda: waiting.apply_stop(TABLE, INSTANCE_ARN, [task_arn()]), {"condition": None}),
    Row("waiting.remove_token", "dynamodb", "update_item",
        lambda: waiting.remove_token(TABLE, INSTANCE_ARN, "token"), {"condition": False}),
    Row("waiting.delete_stale", "dynamodb", "delete_item",
        lambda: waiting.delete_stale(TABLE, INSTANCE_ARN, EXECUTION), {"condition": False}),
    Row("waiting.waiting_in", "dynamodb", "query", lambda: waiting.waiting_in(TABLE, CLUSTER)),
    Row("waiting.all_waiting", "dynamodb", "scan", lambda: waiting.all_waiting(TABLE)),
    Row("waiting._items", "dynamodb", "batch_get_item", lambda: waiting.waiting_in(TABLE, CLUSTER),
        before=(KEYS,)),
    # SNS: what refuses the stage's own topic is a failure, for there is no other to tell.
    Row("topics.send", "sns", "publish", lambda: topics.publish(NOTICE, ASKING.topic, ASKING.topic)),
    # EventBridge: what can't be put hides no notice (steps/tell.py), so that all of it is raised.
    Row("events.put", "events", "put_events", lambda: events.put(HAPPENED, "default")),
    # Step Functions: an execution that nobody knows isn't running.
    Row("stepfunctions.start", "stepfunctions", "start_execution", lambda: stepfunctions.start(MACHINE, "x", "{}")),
    Row("stepfunctions.send_success", "stepfunctions", "send_task_success",
        lambda: stepfunctions.send_success("token", "{}"), gone(False)),
    Row("stepfunctions.input_of", "stepfunctions", "describe_execution", lambda: stepfunctions.input_of(EXECUTION)),
    Row("stepfunctions.is_running", "stepfunctions", "describe_execution",
        lambda: stepfunctions.is_running(EXECUTION), gone(False)),
    Row("stepfunctions.how_it_ended", "stepfunctions", "describe_execution",
        lambda: stepfunctions.how_it_ended(EXECUTION), gone(None)),
    Row("stepfunctions.running_names", "stepfunctions", "list_executions",
        lambda: stepfunctions.running_names(MACHINE)),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def clients() -> Iterator[None]:
    """Make each client once: 45 rows of some twenty answers would make a thousand."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        client.cache_clear()
        yield
        client.cache_clear()


def outcome(row: Row, answer: Answer) -> Any:
    """Make the row's call, get the answer, and return the value or the class of the error."""
    with ExitStack() as stack:
        stubs = Stubs(stack)
        for expected in row.before:
            stubs.answer(*expected)
        give(stubs, row, answer)
        for expected in row.after if answer.kind == "gone" else ():
            stubs.answer(*expected)
        try:
            value = row.make()
        except DrainerError as error:
            return type(error)
        stubs.assert_all_called()
        return value


def give(stubs: Stubs, row: Row, answer: Answer) -> None:
    if answer.loss:
        stubs.lose(row.service, row.method, answer.loss)
    elif answer.kind in ("missing", "unknown"):
        stubs.answer(row.service, row.method, answer.content)
    else:
        stubs.refuse(row.service, row.method, answer.code, answer.status, answer.message, **answer.content)


def expected_of(row: Row, answer: Answer) -> Any:
    return row.outcomes.get(answer.kind, DEFAULT[answer.kind])


def is_as_expected(found: Any, expected: Any) -> bool:
    return bool(expected(found)) if expected is is_why else found == expected


def test_the_table_has_a_row_for_each_call_that_the_source_makes() -> None:
    """A call that is added gets a row, with what comes of every answer."""
    rows = {(row.function, row.service, row.method) for row in ROWS}
    assert rows == calls()
    assert len(rows) == len(ROWS), "a row stands twice"


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_every_answer_to_a_call_has_its_outcome(row: Row) -> None:
    """Gone is an answer, down and throttled are tried again, a refusal is told: never one for another."""
    asked = list(answers_to(row.service, row.method))
    wrong = {
        str(answer): found
        for answer in asked
        if not is_as_expected(found := outcome(row, answer), expected_of(row, answer))
    }
    assert not wrong
    assert {answer.kind for answer in asked} >= set(row.outcomes) - {"missing", "gone"}


def test_where_something_can_be_gone_the_row_says_what_comes_of_it() -> None:
    silent = [
        row.name
        for row in ROWS
        if {"gone", "missing"} & {answer.kind for answer in answers_to(row.service, row.method)}
        and "gone" not in row.outcomes
    ]
    assert silent == [
        "topics.send: sns.publish",
        "stepfunctions.input_of: stepfunctions.describe_execution",
    ], "there it stays a refusal"
