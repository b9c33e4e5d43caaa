"""`ecs-drainer fleet cancel`: no further drain begins, and nothing is left DRAINING that nobody drains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.exit_codes import ExitCode
from stories.world import CLUSTER, Service
from tests.cli.shell import Shell, compare_with_approved, shell

WEB = Service(desired=4, has_target_group=False)
JOB = Service(name="nightly", has_target_group=False, labels={"exits-after": "200"})
LEDGER = "ecs-drainer-dev-ledger"


def a_fleet_of_four(told: Shell, *options: str, jobs: tuple[int, ...] = (0, 1)) -> str:
    """Begin to drain four instances, two at a time; some have a job that takes a while; return the fleet's name."""
    for number in jobs:
        told.world.start_task(told.ids[number], JOB)
    told.sleep(10)
    asked = "fleet drain @0 @1 @2 @3 --max-concurrent 2 --standalone wait --yes --detach -m 'new AMI'"
    assert told.run(" ".join([asked, *options])).exit_code == ExitCode.OK
    told.sleep(60)
    return newest_fleet()


def newest_fleet() -> str:
    arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:ecs-drainer-dev-fleet"
    return str(boto3.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"][0]["name"])


def statuses(told: Shell) -> list[str]:
    """Return the status of the fleet's container instances, in its order."""
    arns = [told.world.container_instance(one) for one in told.ids[:4]]
    answer = boto3.client("ecs").describe_container_instances(cluster=CLUSTER, containerInstances=arns)
    found = {one["containerInstanceArn"]: one["status"] for one in answer["containerInstances"]}
    return [found[arn] for arn in arns]


def entry(name: str) -> dict[str, Any]:
    """Return the fleet's entry in the ledger."""
    key = {"pk": {"S": f"fleet#{name}"}}
    item: dict[str, Any] = boto3.client("dynamodb").get_item(TableName=LEDGER, Key=key)["Item"]
    return item


def outcomes(name: str) -> list[str]:
    return [one["outcome"] for one in json.loads(entry(name)["results"]["S"])]


def drains(told: Shell) -> list[tuple[str, str]]:
    """Return each drain's status in the ledger, by instance."""
    past = json.loads(told.quietly("history -o json").stdout)
    return sorted((one["instance_id"], one["status"]) for one in past)


def last_notice(told: Shell) -> dict[str, str]:
    published = [call for call in told.aws.requests.calls if call.operation == "Publish"]
    given = {key.lower(): str(value) for key, value in published[-1].parameters.items()}
    return {"subject": given["subject"], "text": json.loads(given["message"])["default"]}


def test_a_fleet_cancelled_in_mid_course() -> None:
    """Two of four are open: they go on to their end. The two whose drain had not begun take tasks again."""
    with shell(WEB, instances=6) as told:
        name = a_fleet_of_four(told)
        assert statuses(told) == ["DRAINING"] * 4
        assert told.run(f"fleet cancel {name}").exit_code == ExitCode.REFUSED
        assert told.run(f"fleet cancel {name} --yes -m 'wrong AMI'").exit_code == ExitCode.OK
        assert statuses(told) == ["DRAINING", "DRAINING", "ACTIVE", "ACTIVE"]
        assert entry(name)["status"]["S"] == "cancelled"
        assert outcomes(name) == ["goes-on", "goes-on", "given-back", "given-back"]
        assert (
            last_notice(told)["subject"] == f"ecs-drainer: fleet {name}: cancelled, 0 of 4 instances drained"
        )
        told.run(f"fleet status {name}")
        told.run("fleet list")
        told.tell("five minutes later")
        told.sleep(300)
        assert drains(told) == sorted((one, "drained") for one in told.ids[:2])
        assert statuses(told) == ["DRAINING", "DRAINING", "ACTIVE", "ACTIVE"]
        assert told.run(f"fleet cancel {name} --yes").exit_code == ExitCode.NOT_FOUND
        assert told.run("fleet cancel fleet-of-nobody --yes").exit_code == ExitCode.NOT_FOUND
        compare_with_approved("a-fleet-cancelled-in-mid-course", told.transcript)


def test_with_its_drains_all_four_take_tasks_again() -> None:
    with shell(WEB, instances=6) as told:
        name = a_fleet_of_four(told)
        assert told.run(f"fleet cancel {name} --drains --yes -m 'wrong AMI'").exit_code == ExitCode.OK
        assert statuses(told) == ["ACTIVE"] * 4
        assert drains(told) == sorted((one, "cancelled") for one in told.ids[:2])
        assert outcomes(name) == ["cancelled", "cancelled", "given-back", "given-back"]
        told.run(f"fleet status {name}")
        told.sleep(600)
        assert statuses(told) == ["ACTIVE"] * 4
        compare_with_approved("a-fleet-cancelled-with-its-drains", told.transcript)


def test_operations_name_every_permission_that_it_takes() -> None:
    """The calls of the person, that is of no role; TransactWriteItems is allowed by the writes in it."""
    words = {"stepfunctions": "states"}
    with shell(WEB, instances=6) as told:
        name = a_fleet_of_four(told)
        told.aws.requests.clear()
        told.quietly(f"fleet cancel {name} --drains --yes")
        made = {(call.service, call.operation) for call in told.aws.requests.calls if call.role is None}
    made -= {("sts", "GetCallerIdentity"), ("dynamodb", "TransactWriteItems")}
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    needed = {f"`{words.get(service, service)}:{operation}`" for service, operation in made}
    assert {action for action in needed if action not in page} == set()


def test_one_that_somebody_else_drains_by_then_is_left_to_them() -> None:
    """It waits its turn in the fleet, and a person has begun to drain it: setting it ACTIVE would undo that."""
    with shell(WEB, instances=6) as told:
        name = a_fleet_of_four(told, jobs=(0, 1, 3))
        assert told.quietly(f"drain {told.ids[3]} --standalone wait --yes --detach").exit_code == ExitCode.OK
        told.sleep(5)
        ran = told.quietly(f"fleet cancel {name} --yes -o json")
        states = {one["instance_id"]: one["state"] for one in json.loads(ran.stdout)["instances"]}
        assert [states[one] for one in told.ids[:4]] == ["goes-on", "goes-on", "given-back", "left-draining"]
        assert statuses(told)[2:] == ["ACTIVE", "DRAINING"]


def test_where_tasks_may_hop_nothing_was_set_draining_ahead() -> None:
    with shell(WEB, instances=6) as told:
        name = a_fleet_of_four(told, "--allow-hops")
        told.aws.requests.clear()
        assert told.quietly(f"fleet cancel {name} --yes").exit_code == ExitCode.OK
        assert told.aws.requests.count("UpdateContainerInstancesState") == 0
        assert outcomes(name)[2:] == ["given-back", "given-back"]


def test_what_the_console_stopped_is_tidied_up() -> None:
    """StopExecution by hand leaves two DRAINING that nobody drains, and an entry that says open."""
    with shell(WEB, instances=6) as told:
        name = a_fleet_of_four(told)
        arn = f"arn:aws:states:eu-west-1:123456789012:execution:ecs-drainer-dev-fleet:{name}"
        boto3.client("stepfunctions").stop_execution(executionArn=arn)
        told.sleep(10)
        assert statuses(told) == ["DRAINING"] * 4
        assert told.quietly(f"fleet cancel {name} --yes").exit_code == ExitCode.OK
        assert statuses(told) == ["DRAINING", "DRAINING", "ACTIVE", "ACTIVE"]
        again = told.quietly(f"fleet cancel {name} --yes")
        assert again.exit_code == ExitCode.NOT_FOUND
        assert "there is nothing to cancel" in again.output


@pytest.mark.parametrize("options", ["", "--drains"])
def test_drains_that_aws_stops_along_with_the_fleet_are_given_back(options: str) -> None:
    """An older stage, whose role may still stop executions: what is stopped leaves nobody DRAINING and unwatched."""
    with shell(WEB, instances=6) as told:
        name = a_fleet_of_four(told)
        grant_stopping()
        ran = told.quietly(f"fleet cancel {name} --yes {options}")
        assert ran.exit_code == ExitCode.OK
        assert ran.output.count("along with the fleet") == 2
        assert statuses(told) == ["ACTIVE"] * 4
        assert outcomes(name)[:2] == ["cancelled", "cancelled"]


def grant_stopping() -> None:
    iam = boto3.client("iam")
    machine = boto3.client("stepfunctions").describe_state_machine(
        stateMachineArn="arn:aws:states:eu-west-1:123456789012:stateMachine:ecs-drainer-dev-fleet"
    )
    statement = {"Effect": "Allow", "Action": "states:StopExecution", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = machine["roleArn"].rsplit("/", 1)[-1]
    iam.put_role_policy(RoleName=role, PolicyName="stopping", PolicyDocument=document)


def test_a_fleet_that_is_still_planning_is_stopped_before_it_touches_anything() -> None:
    with shell(WEB, instances=6) as told:
        assert told.quietly("fleet drain --zone eu-west-1a --yes --detach").exit_code == ExitCode.OK
        ran = told.quietly(f"fleet cancel {newest_fleet()} --yes")
        assert ran.exit_code == ExitCode.OK
        told.sleep(300)
        assert statuses(told) == ["ACTIVE"] * 4


def test_cancelling_one_that_waits_its_turn_says_that_the_fleet_comes_back_for_it() -> None:
    with shell(WEB, instances=6) as told:
        name = a_fleet_of_four(told)
        waiting = told.quietly(f"cancel {told.ids[3]} --yes")
        assert (
            f"{told.ids[3]} waits in fleet {name}, which will drain it; `ecs-drainer fleet cancel {name}`"
            in (waiting.output)
        )
        assert "waits in fleet" not in told.quietly(f"cancel {told.ids[0]} --yes").output, "it had its turn"


def test_whoever_watches_a_fleet_is_shown_the_way() -> None:
    with shell(WEB, instances=6) as told:
        told.quietly("fleet drain --zone eu-west-1a --yes --detach")
        name = newest_fleet()
        assert f"fleet {name} is planning: it is being planned; asked for by user/moto\n" in (
            told.quietly("fleet status").output
        )
        watched = told.quietly(f"watch {name}")
        assert watched.exit_code == ExitCode.NOT_FOUND
        assert f"{name} is a fleet, not a drain\n  `ecs-drainer fleet status {name}`" in watched.output
        (listed,) = json.loads(told.quietly("fleet list -o json").stdout)
        assert listed["reason"] is None
