"""Where the ledger has drains that moved tasks of the same services, the answer says how far off a rehearsal is."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.clients import client
from rehearsal.result import Answer, Past
from rehearsal.result import read as from_json
from stories.world import CLUSTER, Service
from tests.cli.shell import shell
from tests.rehearsal.test_snapshot_command import ran

pytestmark = pytest.mark.slow

SERVICES = (Service(desired=3), Service(name="api", desired=1, has_target_group=False))


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot that was taken after the deployed app had drained the one instance without a task of api."""
    path = tmp_path_factory.mktemp("past") / "cluster.json"
    with shell(*SERVICES) as told:
        told.sleep(300)
        told.world.terminate(_without_api(told.world.instances()), replace=True)
        told.sleep(900)
        with told.aws.requests.unthrottled():
            answered = told.quietly(f"snapshot --cluster {CLUSTER} -o {path}")
        assert answered.exit_code == 0, answered.output
    return path


def _without_api(instances: list[str]) -> str:
    """Return an instance that has a task of web only."""
    ecs = client("ecs")
    tasks = ecs.list_tasks(cluster=CLUSTER, serviceName="api")["taskArns"]
    (task,) = ecs.describe_tasks(cluster=CLUSTER, tasks=tasks)["tasks"]
    (host,) = ecs.describe_container_instances(
        cluster=CLUSTER, containerInstances=[task["containerInstanceArn"]]
    )["containerInstances"]
    return next(each for each in instances if each != host["ec2InstanceId"])


def past_of(taken: Path) -> dict[str, Any]:
    """Return the one past drain that the snapshot has."""
    (past,) = json.loads(taken.read_text(encoding="utf-8"))["past"]
    return dict(past)


def lasted(past: dict[str, Any]) -> timedelta:
    begins, ends = (datetime.fromisoformat(past[key]) for key in ("started_at", "ended_at"))
    return timedelta(seconds=round((ends - begins).total_seconds()))


def host_of(taken: Path, service: str) -> str:
    """Return the EC2 instance id of a container instance on which a task of a service runs."""
    document = json.loads(taken.read_text(encoding="utf-8"))
    hosts = {each["containerInstanceArn"]: each["ec2InstanceId"] for each in document["container_instances"]}
    running = [task for task in document["tasks"] if task["lastStatus"] == "RUNNING"]
    return str(
        next(hosts[task["containerInstanceArn"]] for task in running if task["group"] == f"service:{service}")
    )


def rehearsed(taken: Path, service: str) -> Answer:
    answered = ran(f"rehearse {taken} --instances {host_of(taken, service)} --once -o json")
    assert answered.exit_code == 0, answered.output
    return from_json(answered.stdout)


def test_the_snapshot_has_the_drain_that_was_real(taken: Path) -> None:
    past = past_of(taken)
    assert (past["status"], past["trigger"]) == ("drained", "lifecycle-action")
    assert "web" in past["services"]
    assert lasted(past) > timedelta(minutes=1)


def test_the_same_kind_of_drain_rehearsed_takes_as_long(taken: Path) -> None:
    """Nothing changed in the cluster meanwhile: the rehearsal takes what the real one took, to the second."""
    past = past_of(taken)
    (told,) = rehearsed(taken, "web").variants[0].past
    assert told == Past(("web",), 1, took=lasted(past), rehearsed=lasted(past))
    assert told.error == 0


def test_a_rehearsal_that_is_too_long_says_by_how_much(taken: Path) -> None:
    """Tasks that are said to start up a minute more slowly than they did make the rehearsal wrong by that minute."""
    line = f"rehearse {taken} --instances {host_of(taken, 'web')} --once --start-up web=105"
    as_text, as_json = ran(line), ran(f"{line} -o json")
    assert as_text.exit_code == 0, as_text.output
    took = lasted(past_of(taken))
    (told,) = from_json(as_json.stdout).variants[0].past
    assert (told.took, told.rehearsed) == (took, took + timedelta(minutes=1))
    (written,) = json.loads(as_json.stdout)["variants"][0]["past"]
    assert written == {
        "services": ["web"],
        "drains": 1,
        "took_seconds": took.total_seconds(),
        "rehearsed_seconds": took.total_seconds() + 60,
        "error": pytest.approx(60 / took.total_seconds(), abs=0.001),
    }
    assert (
        "past drains   2 min 10 s at the median of 1 that moved web; rehearsed 3 min 10 s, +46%"
    ) in as_text.output
