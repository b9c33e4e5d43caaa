"""Commands that the demo shows and runs: an operator pastes a remedy, and boto3 gets the same call."""

from __future__ import annotations

from typing import Any

import pytest

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from stories.command import NotACommand, parsed, run, shown
from stories.demo import ACTS, REFRESH, SCALE_IN, remedy_of
from stories.world import GROUP, World

REMEDY = (
    "aws ecs update-service --cluster web --service billing "
    "--deployment-configuration minimumHealthyPercent=100,maximumPercent=134"
)
BLOCKER = {
    "subject": "service billing",
    "reason": "no room",
    "remedy": f"{REMEDY}: the replacement then starts first",
}
WAITING = {**BLOCKER, "remedy": "nothing to do while it shrinks"}
EXPLANATION = {"blockers": {"groups": [{"kind": "deadlock", "examples": [BLOCKER]}]}}


def test_the_commands_of_the_demos_do_on_aws_what_they_say() -> None:
    with embedded_aws() as aws, aws.requests.unthrottled():
        World(client, aws.clock.advance).build(ACTS["stuck"].services[1:])
        run(client, SCALE_IN)
        run(client, REFRESH)
        run(client, REMEDY)
        group = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
        service = client("ecs").describe_services(cluster="web", services=["billing"])["services"][0]
    assert group["AutoScalingGroups"][0]["DesiredCapacity"] == 2
    percents = service["deploymentConfiguration"]
    assert (percents["minimumHealthyPercent"], percents["maximumPercent"]) == (100, 134)


@pytest.mark.parametrize(
    ("explanation", "remedy"),
    [
        (EXPLANATION, REMEDY),
        ({"blockers": {"groups": [{"examples": [WAITING]}]}}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_remedy_is_the_command_before_the_colon(explanation: Any, remedy: str | None) -> None:
    assert remedy_of({"explanation": explanation}) == remedy


def test_a_long_command_is_broken_so_that_a_shell_still_takes_it() -> None:
    broken = shown(REMEDY, 80)
    assert all(len(line) <= 80 for line in broken.splitlines())
    assert parsed(broken.replace("\\\n", "")) == parsed(REMEDY)
    assert shown("aws ecs list-tasks --cluster web", 80) == "aws ecs list-tasks --cluster web"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("sudo systemctl restart ecs", "expected `aws SERVICE OPERATION"),
        ("aws ecs", "expected `aws SERVICE OPERATION"),
        ("aws ecs list-tasks --cluster", "expected `aws SERVICE OPERATION"),
        ("aws ecs list-tasks cluster web", "cluster is no option"),
        ("aws ecs lits-tasks --cluster web", "ecs has no operation lits_tasks"),
        ("aws ecs list-tasks --clutser web", "has no option --clutser"),
    ],
)
def test_what_is_no_command_is_refused_in_words(command: str, said: str) -> None:
    with pytest.raises(NotACommand, match=said):
        run(client, command)
