"""What an account's own past answers is read there: nothing has to be created for it."""

from __future__ import annotations

from collections.abc import Callable

import boto3
import pytest

from cli.desk import Desk
from cli.first_run.findings import Seen
from cli.first_run.past import from_the_past
from embedded_aws import ecs, stepfunctions
from stories.happenings import replace_root_volumes
from stories.world import GROUP, HOOK, Service
from tests.cli.shell import Shell, shell

HELD = Service(has_target_group=False, desired=1, minimum_percent=100, maximum_percent=100)
"""A service that can't move: its drain stays open."""


def past(told: Shell) -> dict[str, Seen]:
    return from_the_past(Desk(told.edge()))


def complete_under_a_drain(told: Shell) -> None:
    """Let somebody else complete the lifecycle action of an open drain: its next call to Auto Scaling is refused."""
    told.world.terminate(told.ids[0])
    told.sleep(60)
    boto3.client("autoscaling").complete_lifecycle_action(
        AutoScalingGroupName=GROUP,
        LifecycleHookName=HOOK,
        InstanceId=told.ids[0],
        LifecycleActionResult="CONTINUE",
    )
    told.sleep(3600)


def stop_a_fleet(told: Shell) -> None:
    """Stop a fleet's execution, as in the console, while a drain of it is open; free the drain later."""
    told.quietly(f"fleet drain --asg {GROUP} --yes --detach --force")
    told.sleep(60)
    sfn = boto3.client("stepfunctions")
    machine = f"{told.deployment.state_machine}-fleet"
    (running,) = sfn.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
    sfn.stop_execution(executionArn=running["executionArn"])
    told.sleep(60)
    boto3.client("ecs").update_service(cluster="web", service="web", desiredCount=0)
    told.sleep(1200)


def refresh(told: Shell) -> None:
    boto3.client("autoscaling").delete_lifecycle_hook(AutoScalingGroupName=GROUP, LifecycleHookName=HOOK)
    replace_root_volumes()
    told.sleep(1200)


def by_code() -> None:
    stepfunctions.behaviour().names_errors_by_code = True


def unasked() -> None:
    stepfunctions.behaviour().stops_children_unasked = True


def same_arn() -> None:
    ecs.behaviour().keeps_container_instance = True


@pytest.mark.parametrize(
    ("name", "happens", "switch", "answer"),
    [
        ("validation-error-name", complete_under_a_drain, None, "by-service"),
        ("validation-error-name", complete_under_a_drain, by_code, "by-code"),
        ("fleet-stopped", stop_a_fleet, None, "goes-on"),
        ("fleet-stopped", stop_a_fleet, unasked, "stopped-with-it"),
        ("new-root-volume", refresh, None, "new-arn"),
        ("new-root-volume", refresh, same_arn, "same-arn"),
    ],
)
def test_the_past_answers_either_way(
    name: str, happens: Callable[[Shell], None], switch: Callable[[], None] | None, answer: str
) -> None:
    with shell(HELD, instances=1) as told:
        if switch:
            switch()
        assert name not in past(told)
        happens(told)
        found = past(told)
        assert found[name].answer == answer, found[name].evidence
        ran = told.quietly(f"doctor --first-run --question {name}")
        assert f"answer: {answer}" in ran.stdout
