"""What the doctor complains of, rule by rule."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from app import app as chalice_app
from chalicelib.common.model import AutoScalingGroup, LifecycleHook
from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK
from chalicelib.policy.settings import Settings
from cli.checkup import complaints
from cli.checkup_found import FUNCTIONS, TRIGGERED, Deployed, Group, Level, Telling
from cli.exit_codes import ExitCode
from embedded_aws.requests import Fault
from stories.world import GROUP, Service
from tests.cli.shell import Shell, shell

WELL = Deployed(stage="dev", rules={"start_drain": "ENABLED", "reconcile": "ENABLED"})


def a_hook(
    name: str = "ecs-drainer", heartbeat: int = 900, result: str = "CONTINUE", metadata: str | None = None
) -> LifecycleHook:
    """Return a terminate hook of group `web`."""
    return LifecycleHook("web", name, heartbeat, min(100 * heartbeat, 172_800), result, metadata)


def a_group(
    *hooks: LifecycleHook, tags: dict[str, str] | None = None, retains: bool = False, **fields: Any
) -> Group:
    """Return group `web` with these hooks."""
    return Group(group=AutoScalingGroup("web", tags or {}, retains, {}), hooks=hooks, **fields)


def environment(**variables: str) -> Settings:
    """Return a stage's settings."""
    return Settings.from_environment({f"ECS_DRAINER_{name}": value for name, value in variables.items()})


MANAGED = a_hook(MANAGED_DRAINING_HOOK, heartbeat=3600)
E, W = Level.ERROR, Level.WARNING

GROUPS: list[tuple[str, Group, list[tuple[Level, str]]]] = [
    ("all is well", a_group(a_hook()), []),
    (
        "no hook at all",
        a_group(),
        [(E, "it has no terminate hook: its instances are terminated with their tasks")],
    ),
    (
        "somebody else's hook only",
        a_group(a_hook("backup"), settings=environment(HOOKS="ecs-drain*")),
        [(E, "it has only backup, which this stage leaves alone")],
    ),
    (
        "ECS drains it and nobody else does: no hook of ours is needed",
        a_group(MANAGED, managed_draining_by="cp"),
        [(W, "managed draining of capacity provider cp is on")],
    ),
    (
        "nobody watches what ECS drains",
        a_group(MANAGED, managed_draining_by="cp"),
        [(W, "whatever the deadline, and nobody watches that")],
    ),
    (
        "what ECS drains is watched",
        a_group(MANAGED, managed_draining_by="cp", tags={"ecs-drainer:triggers": "managed-draining"}),
        [(W, "whatever the deadline, and ecs-drainer only watches")],
    ),
    (
        "ECS drains it, and we were told to as well",
        a_group(a_hook(), managed_draining_by="cp", tags={"ecs-drainer:managed_draining": "drain"}),
        [],
    ),
    (
        "30 s of heartbeat hold 50 minutes, which is less than the default deadline",
        a_group(a_hook(heartbeat=30)),
        [
            (E, "holds an instance for 50 min at most, and the deadline is 1 h"),
            (W, "has a heartbeat timeout of 30 s: where AWS throttles"),
        ],
    ),
    (
        "the hook's own metadata asks for less",
        a_group(a_hook(heartbeat=30, metadata='{"deadline": "30m"}')),
        [(W, "retries of one call can outlast it")],
    ),
    (
        "the shortest heartbeat timeout that outlasts every retry",
        a_group(a_hook(heartbeat=300)),
        [],
    ),
    (
        "the group's tag asks for more",
        a_group(a_hook(heartbeat=300), tags={"ecs-drainer:deadline": "10h"}),
        [(E, "holds an instance for 8 h 20 min at most, and the deadline is 10 h")],
    ),
    (
        "ABANDON ends other hooks",
        a_group(a_hook(result="ABANDON")),
        [(W, "has the default result ABANDON")],
    ),
    (
        "ABANDON ends ECS's own hook",
        a_group(a_hook(result="ABANDON"), MANAGED),
        [(E, f"ends ECS's own {MANAGED_DRAINING_HOOK} too")],
    ),
    (
        "a tag with a typo",
        a_group(a_hook(), tags={"ecs-drainer:dedline": "1h"}),
        [(E, "is no setting (did you mean")],
    ),
    (
        "metadata that is no JSON",
        a_group(a_hook(metadata="team=web")),
        [(E, "which is no JSON object")],
    ),
    (
        "the agent drains at Spot interruptions too",
        a_group(
            a_hook(), user_data="echo 'ECS_ENABLE_SPOT_INSTANCE_DRAINING=\"true\"' >> /etc/ecs/ecs.config"
        ),
        [(W, "both set DRAINING at a Spot interruption")],
    ),
    (
        "tags of stateful services that nobody reads",
        a_group(a_hook(), stateful=("consul", "kafka")),
        [(W, "tags of stateful services stand on consul, kafka, and the setting gates is off")],
    ),
    (
        "the group's tag has them read",
        a_group(a_hook(), stateful=("consul",), tags={"ecs-drainer:gates": "services"}),
        [],
    ),
    (
        "the stage has them read",
        a_group(a_hook(), stateful=("consul",), settings=environment(GATES="task-definitions")),
        [],
    ),
    (
        "the hook's metadata has them read",
        a_group(a_hook(metadata='{"gates": "services"}'), stateful=("consul",)),
        [],
    ),
    (
        "the agent does, and we don't",
        a_group(
            a_hook(),
            user_data="ECS_ENABLE_SPOT_INSTANCE_DRAINING=true",
            tags={"ecs-drainer:triggers": "none"},
        ),
        [],
    ),
]


@pytest.mark.parametrize(("story", "group", "expected"), GROUPS, ids=[row[0] for row in GROUPS])
def test_groups(story: str, group: Group, expected: list[tuple[Level, str]]) -> None:
    found = complaints(WELL, [group])
    assert [one.level for one in found] == [level for level, _ in expected], story
    assert all(part in one.sentence for one, (_, part) in zip(found, expected, strict=True))
    assert all(one.remedy for one in found), "a complaint without a remedy helps nobody"


STAGES: list[tuple[str, Deployed, list[tuple[Level, str]]]] = [
    ("all is well", WELL, []),
    (
        "nothing is deployed",
        Deployed(stage="dev", has_state_machine=False),
        [(E, "nothing is deployed here")],
    ),
    (
        "a function was deleted",
        replace(WELL, missing_functions=("ecs-drainer-dev-look",)),
        [(E, "ecs-drainer-dev-look is missing")],
    ),
    (
        "a rule is off",
        replace(WELL, rules={"start_drain": "DISABLED", "reconcile": "missing"}),
        [
            (E, "of start_drain is disabled: lifecycle events start no drain"),
            (E, "of reconcile is missing: lost events"),
        ],
    ),
    (
        "nothing brings instances back from a warm pool",
        replace(WELL, rules={"return_to_service": "DISABLED"}),
        [(E, "back from a warm pool stay DRAINING")],
    ),
    (
        "a stage from before fleets",
        replace(WELL, has_fleet_machine=False),
        [(E, "no state machine for fleets")],
    ),
    ("no ledger", replace(WELL, has_ledger=False), [(E, "every drain fails")]),
    ("dead letters wait", replace(WELL, dead_letters=2), [(W, "2 events could not be handled")]),
    ("no queue for them", replace(WELL, dead_letters=None), [(W, "events that fail are lost")]),
    (
        "nobody hears the alarms",
        replace(WELL, telling=Telling(listeners=(0, 0))),
        [
            (
                W,
                "nobody has subscribed to topic ecs-drainer-dev-alarms: when a drain fails, its alarm tells nobody",
            )
        ],
    ),
    (
        "whoever should hear them has not confirmed it",
        replace(WELL, telling=Telling(listeners=(0, 1))),
        [(W, "a subscription waits to be confirmed")],
    ),
    (
        "the alarms' topic was deleted",
        replace(WELL, telling=Telling(listeners=None)),
        [(W, "there is no topic ecs-drainer-dev-alarms")],
    ),
    (
        "the bus of events is none",
        replace(WELL, telling=Telling(lacks_bus="ops")),
        [(W, "ECS_DRAINER_EVENT_BUS names ops, and there is no such bus")],
    ),
    (
        "the environment has a typo",
        replace(WELL, settings=environment(DEADLINE="1 hour")),
        [(E, "ECS_DRAINER_DEADLINE")],
    ),
    (
        "a cluster is unknown",
        replace(WELL, unknown_clusters=("wbe",)),
        [(E, "names wbe, and there is no such cluster")],
    ),
    (
        "something may not be read",
        replace(WELL, unread=("DescribeRule was answered with AccessDenied",)),
        [(W, "could not be checked")],
    ),
]


@pytest.mark.parametrize(("story", "deployed", "expected"), STAGES, ids=[row[0] for row in STAGES])
def test_stages(story: str, deployed: Deployed, expected: list[tuple[Level, str]]) -> None:
    found = complaints(deployed, [])
    assert [one.level for one in found] == [level for level, _ in expected], story
    assert all(part in one.sentence for one, (_, part) in zip(found, expected, strict=True))


def test_errors_come_first_and_a_stages_typo_is_told_once() -> None:
    settings = environment(DEADLINE="1 hour")
    groups = [a_group(a_hook(result="ABANDON"), settings=settings), a_group(settings=settings)]
    found = complaints(replace(WELL, settings=settings, dead_letters=1), groups)
    assert [one.level for one in found] == [E, E, W, W]
    assert sum("ECS_DRAINER_DEADLINE" in one.sentence for one in found) == 1


def test_every_function_that_is_deployed_is_looked_for() -> None:
    config = json.loads((Path(__file__).parents[2] / ".chalice" / "config.json").read_text(encoding="utf-8"))
    assert set(FUNCTIONS) == set(config["lambda_functions"])


def test_every_function_with_a_rule_is_looked_at() -> None:
    assert set(TRIGGERED) == {source.name for source in chalice_app.event_sources}


def test_tagged_services_are_found_on_the_group_that_runs_them() -> None:
    """A service of a quorum, on a stage whose gates are off, until the group's tag turns them on."""
    member = Service(
        name="consul", desired=2, has_target_group=False, tags={"ecs-drainer:quorum-group": "consul"}
    )
    with shell(Service(has_target_group=False), member, instances=3) as told:
        complaint, advice = json.loads(told.quietly("doctor -o json").stdout)
        assert (complaint["level"], complaint["subject"]) == ("warning", f"group {GROUP}")
        assert "stand on consul, and" in complaint["sentence"]
        key, value = re.findall(r"Key=(\S+?),Value=(\w+)", complaint["remedy"])[0]
        boto3.client("autoscaling").create_or_update_tags(
            Tags=[
                {
                    "ResourceId": GROUP,
                    "ResourceType": "auto-scaling-group",
                    "Key": key,
                    "Value": value,
                    "PropagateAtLaunch": False,
                }
            ]
        )
        (asked,) = json.loads(told.quietly("doctor -o json").stdout)
    assert (advice["level"], asked["level"]) == ("advice", "advice")
    assert "stateful services (consul) are asked before DRAINING is set" in asked["sentence"]


def test_what_may_not_be_read_of_the_groups_is_told_too() -> None:
    with shell(Service(has_target_group=False), instances=1) as told:
        denied = Fault("AccessDeniedException", "not authorized", 400)
        told.aws.requests.fail_when(lambda call: call.operation == "ListTasks", denied)
        ran = told.quietly("doctor")
        assert ran.exit_code == ExitCode.OK
        assert "could not be checked: ListTasks was answered with AccessDeniedException" in ran.output


def test_whom_the_stage_tells_is_asked_of_its_account() -> None:
    with shell(
        Service(has_target_group=False), instances=1, variables={"ECS_DRAINER_EVENT_BUS": "ops"}
    ) as told:
        (bus,) = warnings_of(told)
        assert bus["sentence"].startswith("ECS_DRAINER_EVENT_BUS names ops, and there is no such bus")
        boto3.client("events").create_event_bus(Name="ops")
        assert warnings_of(told) == []
        sns, topic = boto3.client("sns"), told.deployment.outputs["AlarmTopicArn"]
        (heard,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        sns.unsubscribe(SubscriptionArn=heard["SubscriptionArn"])
        (alarms,) = warnings_of(told)
        assert "nobody has subscribed to topic ecs-drainer-dev-alarms" in alarms["sentence"]
        sns.delete_topic(TopicArn=topic)
        (topic_gone,) = warnings_of(told)
        assert "there is no topic ecs-drainer-dev-alarms" in topic_gone["sentence"]


def warnings_of(told: Shell) -> list[dict[str, Any]]:
    return [one for one in json.loads(told.quietly("doctor -o json").stdout) if one["level"] == "warning"]
