"""The real command deploys a stage with and without a customer key, and the deployed zips drain to the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from embedded_aws.server import Server
from stories.world import World
from tests.deploy.account import FUNCTIONS
from tests.deploy.conftest import Project
from tests.deploy.key_policy import customer_key, policy

pytestmark = [pytest.mark.deploy, pytest.mark.slow]

RETENTION = '"LogRetentionDays": "30"'


@pytest.fixture
def aws() -> Iterator[Server]:
    """A server of its own: emptying one leaves its clock and its request log."""
    with Server(speed=0) as running:
        yield running


@pytest.mark.parametrize("has_key", [False, True])
def test_a_stage_drains_with_a_customer_key_and_without(project: Project, aws: Server, has_key: bool) -> None:
    key = customer_key(aws.client, policy()) if has_key else ""
    project.edit(".chalice/config.json", RETENTION, f'{RETENTION}, "KmsKeyArn": "{key}"')
    project.chalice("deploy")
    groups = aws.client("logs").describe_log_groups()["logGroups"]
    assert {each.get("kmsKeyId", "") for each in groups} == {key}
    of_functions = [each for each in groups if each["logGroupName"].startswith("/aws/lambda/")]
    assert len(of_functions) == len(FUNCTIONS)

    world = World(aws.client, lambda seconds: [aws.advance(seconds)])
    world.build()
    leaving = world.instances()[0]
    world.terminate(leaving)
    aws.advance(300)
    (completed,) = aws.calls(operation="CompleteLifecycleAction")
    assert completed["error"] is None
    assert completed["parameters"]["InstanceId"] == leaving
    assert completed["parameters"]["LifecycleActionResult"] == "CONTINUE"
    assert aws.killed_tasks() == []
