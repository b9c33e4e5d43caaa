"""`pytest --aws` itself, in a process of its own, against the embedded AWS on loopback in the place of an account."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.sandbox import Server
from stories.world import CLUSTER
from tests.aws.permission import ALLOWED, TAG

pytestmark = [pytest.mark.deploy, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
SPEED = 20
REFUSED = 4
"""pytest's exit code for a usage error."""


@pytest.fixture(scope="module", name="server")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A sandbox with the deployed app, and a cluster without tasks."""
    folder = tmp_path_factory.mktemp("sandbox")
    environment = {**os.environ, "DRAINER_SANDBOX_FOLDER": str(folder)}

    def sandbox(*arguments: str) -> None:
        command = [sys.executable, "-m", "cli", "sandbox", *arguments]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=300, capture_output=True)  # noqa: S603

    sandbox("up", "--speed", str(SPEED))
    try:
        server = Server(**json.loads((folder / "server.json").read_text(encoding="utf-8")))
        empty(server)
        yield server
    finally:
        sandbox("down")


def client_of(server: Server, service: str) -> Any:
    return boto3.client(
        service,
        region_name="eu-west-1",
        endpoint_url=server.endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


def empty(server: Server) -> None:
    """Take the sample's services and its task away: one of them can't move."""
    ecs = client_of(server, "ecs")
    for arn in ecs.list_services(cluster=CLUSTER)["serviceArns"]:
        ecs.delete_service(cluster=CLUSTER, service=arn, force=True)
    for arn in ecs.list_tasks(cluster=CLUSTER)["taskArns"]:
        ecs.stop_task(cluster=CLUSTER, task=arn)
    server.advance(600)


def wanted_instances(server: Server) -> int:
    (group,) = client_of(server, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return int(group["DesiredCapacity"])


def pytest_run(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, **server.environment}
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(  # noqa: S603  # ourselves
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True, timeout=900
    )


def test_without_the_tag_nothing_runs(server: Server) -> None:
    ran = pytest_run(server, "--aws", CLUSTER, "tests/aws")
    assert ran.returncode == REFUSED, ran.stdout
    assert f"its tag {TAG} is missing: expected {ALLOWED}" in ran.stderr


def test_with_it_the_stories_are_told_and_nothing_else_runs(server: Server) -> None:
    ecs = client_of(server, "ecs")
    (cluster,) = ecs.describe_clusters(clusters=[CLUSTER])["clusters"]
    before = wanted_instances(server)
    ecs.tag_resource(resourceArn=cluster["clusterArn"], tags=[{"key": TAG, "value": ALLOWED}])
    told = ("--aws", CLUSTER, "tests/aws", "-k", "not 1500")
    ran = pytest_run(server, *told)
    if ran.returncode:  # the server's time runs on while a busy machine tells: a story may miss its end once
        ran = pytest_run(server, *told)
    assert ran.returncode == 0, ran.stdout
    assert "4 passed" in ran.stdout
    assert not ecs.list_services(cluster=CLUSTER)["serviceArns"]
    assert wanted_instances(server) == before, "the group keeps its size"
