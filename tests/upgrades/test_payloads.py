"""Today's functions take what the machine of each release before sends them, and give what it reads.

"When you update a state machine, running executions continue to use the previous definition."
https://docs.aws.amazon.com/step-functions/latest/dg/getting-started.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app import app
from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from stories.deployment import Deployment, deploy
from stories.world import Service, World

RELEASES = sorted(path.parent for path in Path(__file__).parent.glob("*/payloads.jsonl"))
CALLS = [
    pytest.param(call, id=f"{release.name}: {call['function']} of {call['story']}, {number}")
    for release in RELEASES
    for number, call in enumerate(map(json.loads, (release / "payloads.jsonl").read_text().splitlines()), 1)
]


INSTANCE = re.compile(r"i-[0-9a-f]{17}")
CONTAINER_INSTANCE = re.compile(r"(?<=container-instance/web/)[0-9a-f]{32}")


@dataclass(frozen=True)
class Account:
    """Today's functions, and the instance that stands for the recorded ones."""

    deployment: Deployment
    instance_id: str
    container_instance: str

    def ask(self, function: str, event: Any) -> tuple[bool, Any]:
        """Invoke a function; returns whether it failed, and what it said."""
        text = INSTANCE.sub(self.instance_id, json.dumps(event))
        text = CONTAINER_INSTANCE.sub(self.container_instance, text)
        answer = client("lambda").invoke(FunctionName=self.deployment.functions[function], Payload=text)
        return "FunctionError" in answer, json.loads(answer["Payload"].read())


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with embedded_aws() as aws:
        deployed = deploy(app)
        world = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            world.build((Service(desired=9),))
        doomed = world.instances()[0]
        query = f"ec2InstanceId == {doomed}"
        (arn,) = client("ecs").list_container_instances(cluster="web", filter=query)["containerInstanceArns"]
        yield Account(deployed, doomed, arn.rsplit("/", 1)[-1])


def differences(recorded: Any, today: Any, where: str = "answer") -> Iterator[str]:
    """Yield what is missing of an answer, or of another JSON type; what is new is read by nobody."""
    if recorded is None or today is None:
        return
    if isinstance(recorded, Mapping) and isinstance(today, Mapping):
        by_name = where.endswith((".tasks", ".groups", ".kinds", ".sources", ".message"))
        for name in () if by_name else recorded:
            if name in today:
                yield from differences(recorded[name], today[name], f"{where}.{name}")
            else:
                yield f"{where}.{name} is missing"
    elif type(recorded) is not type(today):
        yield f"{where} is {today!r}: expected {type(recorded).__name__}"


@pytest.mark.parametrize("call", CALLS)
def test_todays_function_answers_a_release_before(call: dict[str, Any], account: Account) -> None:
    has_failed, said = account.ask(call["function"], call["event"])
    assert not has_failed, said
    assert list(differences(call["answer"], said)) == []


def test_a_missing_name_and_another_type_are_told() -> None:
    recorded = {"drained": True, "memory": {"looks": 1}, "kinds": {"service": 1}}
    assert list(differences(recorded, {"memory": {"looks": "1"}, "kinds": {}})) == [
        "answer.drained is missing",
        "answer.memory.looks is '1': expected int",
    ]
