"""The summary: what happened when, the figures, and the sentence that says what went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from stories.demo.figures import Figures, usage_of
from stories.demo.summary import rows, text, timeline
from stories.prices import Usage, cost
from tests.demo.happened import LEAVING, at_the_end, in_mid_drain, the_drain

FIGURES = Figures(
    status="SUCCEEDED",
    continued=True,
    delay=timedelta(seconds=8),
    looks=15,
    heartbeats=1,
    transitions=64,
    calls=Counter(ecs=26, autoscaling=4, dynamodb=2, sns=2, stepfunctions=1),
    invocations=Counter(look=15, compose_notice=2, plan_drain=1, start_drain=1),
    usage=Usage(transitions=64, lambda_requests=19, lambda_gb_seconds=0.95, ledger_writes=8, notices=2),
)

TOLD = """\
  tasks not STOPPED at CONTINUE         0  by the embedded AWS's own record
  last STOPPED to CONTINUE            8 s
  looks                                15  1 heartbeat
  state transitions                    64
  Lambda invocations                   19  look 15, compose_notice 2, plan_drain
                                           1, start_drain 1
  API calls                            35  ecs 26, autoscaling 4, dynamodb 2,
                                           sns 2, stepfunctions 1
  cost at list price             $0.00162  transitions $0.00160, Lambda $0.00002"""


def test_the_figures() -> None:
    assert "\n".join(text(FIGURES)) == TOLD


def test_what_happened_when() -> None:
    scene = at_the_end()
    assert timeline(scene, the_drain(scene)) == [
        f"   0:00  Auto Scaling takes {LEAVING}; ecs-drain holds it",
        "   0:00  the container instance is DRAINING",
        "   0:45  replacements are healthy: the first service task begins to leave",
        "   2:08  the last service task is STOPPED",
        "   3:20  the standalone task is STOPPED",
        "   3:40  the daemon's task is STOPPED, last of all",
        "   3:45  CONTINUE, 5 s after the last STOPPED",
        f"   3:46  {LEAVING} is terminated",
    ]


def test_of_an_unfinished_drain_only_what_happened_is_told() -> None:
    scene = in_mid_drain()
    assert len(timeline(scene, the_drain(scene))) == 3


@pytest.mark.parametrize(
    ("story", "changed", "said"),
    [
        ("all went well", {}, None),
        ("tasks died", {"killed": ("00000001", "00000002")}, "2 tasks were not STOPPED"),
        ("killed counts for more than success", {"killed": ("00000001",)}, "00000001"),
        (
            "the execution failed",
            {"status": "FAILED", "cause": "AccessDenied: no"},
            "FAILED: AccessDenied: no",
        ),
        ("it failed without a word", {"status": "ABORTED"}, "ABORTED: no cause was given"),
        ("no CONTINUE", {"continued": False}, "was not completed with CONTINUE"),
        ("it never ended", {"status": "RUNNING"}, "did not end"),
    ],
)
def test_what_went_wrong_is_a_sentence(story: str, changed: dict[str, Any], said: str | None) -> None:
    wrong = replace(FIGURES, **changed).wrong
    assert (wrong is None) if said is None else (said in (wrong or "")), story


def test_where_no_continue_was_sent_no_task_is_counted_at_it() -> None:
    assert rows(replace(FIGURES, continued=False))[0][1] == "none sent"
    assert rows(replace(FIGURES, continued=False, killed=("00000001",)))[0][1] == "1"


def test_answers_with_an_error_are_counted() -> None:
    (calls,) = (rest for what, _, rest in rows(replace(FIGURES, refused=3)) if what == "API calls")
    assert calls.endswith("; 3 answered with an error")


def test_the_bill_counts_a_transaction_twice_and_the_calls_of_ecs_not_at_all() -> None:
    """DynamoDB's prices: a transactional write costs two write request units a KiB."""
    calls = [
        {"operation": "TransactWriteItems", "parameters": {"TransactItems": [{}, {}]}},
        {"operation": "GetItem", "parameters": {}},
        {"operation": "Publish", "parameters": {}},
        {"operation": "DescribeTasks", "parameters": {}},
    ]
    usage = usage_of(calls, transitions=10, invocations=4)
    assert (usage.ledger_writes, usage.ledger_reads, usage.notices, usage.transitions) == (4, 1, 1, 10)
    assert usage.lambda_gb_seconds == pytest.approx(4 * 0.2 * 0.25)
    assert cost(usage) > cost(Usage(transitions=10))
