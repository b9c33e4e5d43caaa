"""Rules that fire by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import EPOCH, EmbeddedAws, embedded_aws
from embedded_aws.awslambda import lambda_state, register_module
from embedded_aws.clients import client
from embedded_aws.eventbridge.schedules import next_event
from tests.embedded_aws.bus import permit, terminate
from tests.embedded_aws.parts import function


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as embedded:
        register_module("app", SimpleNamespace(handle=lambda event, _context: event))
        yield embedded


def scheduled(expression: str) -> None:
    client("events").put_rule(Name="drain", ScheduleExpression=expression)
    client("events").put_targets(Rule="drain", Targets=[{"Id": "1", "Arn": function("reconcile")}])
    permit("reconcile")


def test_a_rate_fires_on_the_clock_until_its_rule_is_gone(aws: EmbeddedAws) -> None:
    scheduled("rate(5 minutes)")
    client("events").put_rule(Name="drain", ScheduleExpression="rate(5 minutes)")  # deployed again
    terminate()  # a rule without a pattern matches no event
    aws.clock.advance(16 * 60)
    came = [round((each.at - EPOCH).total_seconds()) for each in lambda_state().invocations]
    assert came == [300, 600, 900]
    assert lambda_state().invocations[0].event["detail-type"] == "Scheduled Event"
    client("events").remove_targets(Rule="drain", Ids=["1"])
    client("events").delete_rule(Name="drain")
    aws.clock.advance(3600)
    assert len(lambda_state().invocations) == 3


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2026-03-02T10:01"),
        ("rate(2 hours)", "2026-03-02T12:00"),
        ("cron(0/15 * * * ? *)", "2026-03-02T10:15"),
        ("cron(0 8 ? * MON-FRI *)", "2026-03-03T08:00"),
        ("cron(30 9 1 * ? *)", "2026-04-01T09:30"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00"),
        ("cron(0 12 ? * 1,7 *)", "2026-03-07T12:00"),
    ],
)
def test_when_a_schedule_fires_next_after_monday_at_ten(expression: str, expected: str) -> None:
    assert f"{next_event(expression, EPOCH):%Y-%m-%dT%H:%M}" == expected


@pytest.mark.parametrize("expression", ["cron(0 8 L * ? *)", "cron(0 8 * * * *)", "cron(0 8 * * ?)"])
@pytest.mark.usefixtures("aws")
def test_a_schedule_that_cannot_be_kept_is_refused(expression: str) -> None:
    with pytest.raises(ClientError, match="ScheduleExpression is not valid"):
        client("events").put_rule(Name="drain", ScheduleExpression=expression)
    assert client("events").list_rules()["Rules"] == []
