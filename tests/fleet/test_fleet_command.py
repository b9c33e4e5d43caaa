"""`ecs-drainer fleet`, told as a day on call against the embedded AWS; its transcript is approved."""

from __future__ import annotations

import json

import boto3

from cli.exit_codes import ExitCode
from embedded_aws.clients import client
from stories.world import GROUP, Service
from tests.cli.shell import Shell, compare_with_approved, shell

WEB = Service(desired=6, has_target_group=False)
JOB = Service(name="nightly", has_target_group=False)


def ids_of(told: Shell, *numbers: int) -> str:
    return " ".join(told.ids[number] for number in numbers)


def test_a_fleet_from_plan_to_the_end() -> None:
    """Look first, drain two at a time, see how it went; the stuck one is named, and has a code of its own."""
    with shell(WEB, instances=5) as told:
        told.world.start_task(told.ids[0], JOB)
        told.sleep(10)
        assert told.run("fleet plan").exit_code == ExitCode.USAGE
        told.run(f"fleet plan {ids_of(told, 0, 1, 2)}")
        assert told.run(f"fleet drain {ids_of(told, 0, 1, 2)} --yes").exit_code == ExitCode.REFUSED
        told.run(f"fleet drain {ids_of(told, 0, 1, 2)} --standalone wait")
        told.run(f"fleet drain {ids_of(told, 0, 1, 2)} --standalone wait --dry-run --max-concurrent 2")
        wishes = "--standalone wait --max-concurrent 2 --deadline 5m --on-deadline keep -m 'new AMI'"
        ended = told.run(f"fleet drain {ids_of(told, 0, 1, 2)} --yes {wishes}")
        assert ended.exit_code == ExitCode.NOT_DRAINED
        told.run("fleet status")
        told.run("fleet list")
        told.run("fleet status fleet-of-nobody")
        compare_with_approved("a-fleet-from-plan-to-the-end", told.transcript)


def test_a_zone_is_emptied() -> None:
    """What the README shows of fleets."""
    with shell(Service(desired=9, has_target_group=False), instances=9) as told:
        ended = told.run(
            f"fleet drain --asg {GROUP} --zone eu-west-1a --max-concurrent 2 --yes -m 'power failure'"
        )
        assert ended.exit_code == ExitCode.OK
        compare_with_approved("a-zone-is-emptied", told.transcript)


def test_without_room_it_refuses_and_names_the_flag() -> None:
    with shell(Service(desired=6, has_target_group=False, cpu=900), instances=4) as told:
        refused = told.quietly(f"fleet drain --asg {GROUP} --zone eu-west-1a --zone eu-west-1b --yes")
        assert refused.exit_code == ExitCode.REFUSED
        assert "the 1 instance that would stay has no room for all tasks" in refused.output
        assert "override with --allow-hops" in refused.output
        for_programs = told.quietly(
            f"fleet drain --asg {GROUP} --zone eu-west-1a --zone eu-west-1b --yes -o json"
        )
        assert [one["override"] for one in json.loads(for_programs.stdout)["refused"]] == ["--allow-hops"]
        assert (
            told.quietly(f"fleet plan --asg {GROUP} --zone eu-west-1a --zone eu-west-1b").exit_code
            == ExitCode.BLOCKED
        )


def test_tags_of_the_group_speak_for_standalone_tasks_too() -> None:
    """One rule for one instance and for fifty: what the stage, the tags or the flag say, nobody asks again."""
    with shell(WEB, instances=3) as told:
        told.world.start_task(told.ids[0], JOB)
        told.sleep(10)
        asked = f"fleet plan {ids_of(told, 0)} -o json"
        refused = told.quietly(asked)
        assert refused.exit_code == ExitCode.BLOCKED
        (against,) = json.loads(refused.stdout)["against"]
        assert (against["kind"], against["override"]) == ("standalone-tasks", "--standalone")
        assert told.ids[0] in against["sentence"]
        assert told.quietly(f"{asked} --standalone ignore").exit_code == ExitCode.OK
        assert told.quietly(f"fleet plan {ids_of(told, 1)}").exit_code == ExitCode.OK, "it has no such task"
        tag = {"Key": "ecs-drainer:standalone_tasks", "Value": "wait", "PropagateAtLaunch": False}
        tag |= {"ResourceId": GROUP, "ResourceType": "auto-scaling-group"}
        boto3.client("autoscaling").create_or_update_tags(Tags=[tag])
        assert told.quietly(asked).exit_code == ExitCode.OK


def test_programs_get_documents() -> None:
    with shell(WEB, instances=4) as told:
        planned = json.loads(told.quietly("fleet plan --zone eu-west-1a -o json").stdout)
        assert {one["availability_zone"] for one in planned["instances"]} == {"eu-west-1a"}
        started = told.quietly("fleet drain --zone eu-west-1a --yes --detach -o json")
        assert started.exit_code == ExitCode.OK
        fleet = json.loads(started.stdout)["fleet"]
        told.sleep(600)
        standing = json.loads(told.quietly(f"fleet status {fleet} -o json").stdout)
        assert standing["status"] == "drained"
        assert {one["state"] for one in standing["instances"]} == {"drained"}


def test_ctrl_c_detaches_and_the_fleet_goes_on() -> None:
    with shell(WEB, instances=4) as told:

        def interrupt(_: float) -> None:
            raise KeyboardInterrupt

        left = told.quietly(f"fleet drain {ids_of(told, 0, 1)} --yes", edge=told.edge(sleep=interrupt))
        assert left.exit_code == ExitCode.DETACHED
        assert "`ecs-drainer fleet status fleet-" in left.output
        told.sleep(600)
        assert "is drained" in told.quietly("fleet status").output


def test_the_plan_names_those_that_wait_for_their_gates() -> None:
    """A member of a quorum group is left to its own drain; programs get the reason by instance."""
    tags = {"ecs-drainer:quorum-group": "store"}
    store = Service(
        name="store", has_target_group=False, constraints=({"type": "distinctInstance"},), tags=tags
    )
    with shell(store, WEB, instances=7) as told:
        tag = {"ResourceId": GROUP, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
        client("autoscaling").create_or_update_tags(
            Tags=[{**tag, "Key": "ecs-drainer:gates", "Value": "services"}]
        )
        planned = told.quietly(f"fleet plan {ids_of(told, 0, 1, 2, 3)}")
        as_document = json.loads(told.quietly(f"fleet plan {ids_of(told, 0, 1, 2, 3)} -o json").stdout)
        waiting = as_document["own_turn"]
        assert set(waiting.values()) == {"service store"}
        assert 1 <= len(waiting) <= 3
        assert f"all but {len(waiting)} become DRAINING first" in planned.output
        assert "because of service store" in " ".join(planned.output.split())


def test_an_instance_that_is_being_drained_already_speaks_against_the_fleet() -> None:
    """Said and refused before anything is touched; whoever insists learns at the end which drain had it."""
    with shell(WEB, instances=5) as told:
        told.world.start_task(told.ids[0], JOB)
        told.sleep(10)
        told.quietly(f"drain {told.ids[0]} --standalone wait --deadline 1h --yes --detach")
        told.sleep(30)
        fleet = f"{ids_of(told, 0, 1)} --standalone wait"
        drain = f"{told.ids[0]}-manual-20260302T100310Z"
        planned = told.quietly(f"fleet plan {fleet}")
        assert planned.exit_code == ExitCode.BLOCKED
        assert (
            f"Against it: {told.ids[0]} is being drained already by {drain}; leave it out" in planned.output
        )
        refused = told.quietly(f"fleet drain {fleet} --yes")
        assert refused.exit_code == ExitCode.REFUSED
        assert f"`ecs-drainer watch {told.ids[0]}` (override with --force)" in refused.output
        assert told.quietly("fleet list -o json").stdout.strip() == "[]"
        dry = told.quietly(f"fleet drain {fleet} --force --dry-run").output
        assert dry.count("is being drained already") == 1, "in the warning alone"
        assert "--force" not in dry
        ended = told.quietly(f"fleet drain {fleet} --force --yes")
        assert ended.exit_code == ExitCode.NOT_DRAINED
        assert f"{told.ids[0]} left to drain {drain}, which had it already" in ended.output


def test_hops_are_not_offered_where_nobody_stays() -> None:
    with shell(WEB, instances=3) as told:
        planned = told.quietly(f"fleet plan --asg {GROUP}")
        assert "; no other stays." in planned.output
        assert "Against it: no instance would stay to take the tasks" in planned.output
        assert "--allow-hops" not in planned.output
        assert told.quietly(f"fleet drain --asg {GROUP} --allow-hops --yes").exit_code == ExitCode.REFUSED
        forced = told.quietly(f"fleet drain --asg {GROUP} --force --dry-run -o json")
        assert json.loads(forced.stdout)["would_start"]["may_hop"] is True
        assert "; 1 other stays." in told.quietly(f"fleet plan {ids_of(told, 0, 1)}").output
