"""The upgrade comes while the drain is in a state of the release before's machine, whichever: it ends as it would have.

"When you update a state machine, running executions continue to use the previous definition."
https://docs.aws.amazon.com/step-functions/latest/dg/getting-started.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest

from app import app
from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.clients import client
from embedded_aws.stepfunctions import executions_of
from stories.happenings import HAPPENINGS
from stories.stage import Stage
from stories.story import Happening, Story
from stories.telling import told
from tests.upgrades.before import functions_of
from tests.upgrades.test_upgrades import HERE, RELEASES, upgraded
from tests.upgrades.ways import PASSED, TEAM_TOPIC, WAYS, Way

MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:ecs-drainer-dev"
IN_BRIEF = (
    "Open the ledger entry",
    "Wait before the next look",
    "Complete the lifecycle action",
    "Publish the failure",
)
"""The rest takes minutes."""


def make_topic(stage: Stage) -> None:
    """A team has a topic of its own, to which the machine may publish."""
    arn = client("sns").create_topic(Name=TEAM_TOPIC.rpartition(":")[2])["TopicArn"]
    machine = client("stepfunctions").describe_state_machine(stateMachineArn=stage.deployment.state_machine)
    allowed = {"Effect": "Allow", "Action": "sns:Publish", "Resource": arn}
    client("iam").put_role_policy(
        RoleName=machine["roleArn"].rpartition("/")[2],
        PolicyName="team-topic",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
    )


def delete_topic(_stage: Stage) -> None:
    """The team deletes it."""
    client("sns").delete_topic(TopicArn=TEAM_TOPIC)


OF_TOPICS = {"make-topic": make_topic, "delete-topic": delete_topic}


@dataclass(frozen=True)
class Ending:
    """How a story ended, as far as an upgrade must not change it."""

    outcomes: tuple[str, ...]
    continues: int
    tasks_killed: int
    records: tuple[str, ...]
    told: tuple[str, ...]


def states_of(machine: dict[str, Any]) -> Iterator[str]:
    """Yield the names of all states of a definition, those within a Map among them."""
    for name, state in machine["States"].items():
        yield name
        if "ItemProcessor" in state:
            yield from states_of(state["ItemProcessor"])


def every_state(release: str) -> list[str]:
    return list(states_of(json.loads((HERE / release / "drain.asl.json").read_text(encoding="utf-8"))))


def entered() -> Iterator[str]:
    """Yield the states that executions have entered so far."""
    for execution in executions_of(MACHINE):
        for event in execution.history:
            if "stateEnteredEventDetails" in event:
                yield event["stateEnteredEventDetails"]["name"]


def the_story(release: str, way: Way) -> Story:
    """Return the story of a way, with its definition of the release from beginning to end."""
    path = f"tests/upgrades/{release}/drain.asl.json"
    story = upgraded(way.story, 0, before=path, after=path)
    faults = [Happening(at + 1, do, dict(given)) for at, do, given in way.faults]
    happens = tuple(sorted([*story.happens, *faults], key=lambda each: each.at))
    return replace(
        story,
        happens=happens,
        tags={**story.tags, **way.tags},
        environment={**story.environment, "ECS_DRAINER_TOPICS": "team-*"},
    )


def told_of(release: str, way: Way, state: str) -> Ending:
    """Tell a story in which the functions become today's once an execution is in a state."""
    functions = functions_of(release, lambda: state in entered(), way.planned)
    with functions, patch.dict(HAPPENINGS, OF_TOPICS), told(the_story(release, way), app) as came:
        assert not state or state in entered(), "the story doesn't come there"
        _check_no_early_continue(came)
        assert came.left_open == [] or way.leaves_open
        return Ending(
            outcomes=tuple(came.outcomes),
            continues=len(came.answered("CompleteLifecycleAction")),
            tasks_killed=came.tasks_killed,
            records=came.records,
            told=tuple(subject for subject, _ in came.notices),
        )


def _check_no_early_continue(came: Stage) -> None:
    """CONTINUE only after the last STOPPED, unless the deadline or the agent decided so: once for each action."""
    continued = came.answered("CompleteLifecycleAction")
    instances = [call.parameters["InstanceId"] for call in continued]
    assert len(instances) == len(set(instances))
    if set(came.outcomes) & {"deadline", "agent-lost", "abandoned"}:
        return
    stopped_at = came.last_stopped_at
    assert all(stopped_at is None or each.at >= stopped_at for each in continued)


@cache
def without_an_upgrade(release: str, way: str) -> Ending:
    return told_of(release, WAYS[way], "")


@pytest.mark.parametrize("release", RELEASES)
def test_every_state_of_every_release_is_in_the_table(release: str) -> None:
    assert sorted(state for states in PASSED[release].values() for state in states) == sorted(
        every_state(release)
    )
    assert PASSED[release].keys() <= WAYS.keys()


@pytest.mark.parametrize(
    ("release", "way", "state"),
    [
        pytest.param(
            release, way, state, id=f"{release}: {state}", marks=() if state in IN_BRIEF else pytest.mark.slow
        )
        for release in RELEASES
        for way, states in PASSED[release].items()
        for state in states
    ],
)
def test_a_drain_that_is_in_this_state_ends_as_it_would_have(release: str, way: str, state: str) -> None:
    """Never an early CONTINUE, never a second; recorded and told as without the upgrade."""
    assert told_of(release, WAYS[way], state) == without_an_upgrade(release, way)
