"""Every command, told as days on call against the embedded AWS; the transcripts are approved and read like a manual."""

from __future__ import annotations

import json

import boto3

from stories.world import CLUSTER, GROUP, Service
from tests.cli.shell import Shell, compare_with_approved, shell

DEADLOCKED = Service(
    name="legacy", desired=1, minimum_percent=100, maximum_percent=100, has_target_group=False
)
JOB = Service(name="nightly", has_target_group=False, labels={"exits-after": "400"})


def status_of(told: Shell, number: int) -> str:
    """Return the container instance's status."""
    arn = told.world.container_instance(told.ids[number])
    answer = boto3.client("ecs").describe_container_instances(cluster=CLUSTER, containerInstances=[arn])
    return str(answer["containerInstances"][0]["status"])


def test_a_drain_from_plan_to_audit() -> None:
    """Look first, drain, follow to the end, read what happened, give the instance back."""
    with shell(Service(), instances=3) as told:
        told.run("list")
        told.run("plan @1")
        told.run("drain @1 --dry-run -m 'kernel update'")
        assert status_of(told, 1) == "ACTIVE"
        followed = told.run("drain @1 --yes --deadline 30m -m 'kernel update'")
        assert followed.exit_code == 0
        assert status_of(told, 1) == "DRAINING"
        told.run("history")
        told.run("show @1")
        told.run("watch @1")
        told.run("cancel @1 --yes")
        assert status_of(told, 1) == "ACTIVE"
        told.run("cancel @1 --yes")
        compare_with_approved("a-drain-from-plan-to-audit", told.transcript)


def test_refused_until_somebody_says_what_to_do() -> None:
    """kubectl's manner: refuse before anything is touched, and name the flag that lifts each objection."""
    with shell(Service(), DEADLOCKED, instances=3) as told:
        placed = where(told, "legacy")
        told.world.start_task(told.ids[placed], JOB)
        told.sleep(10)
        told.run(f"plan @{placed}")
        told.run(f"drain @{placed} --yes")
        told.run(f"drain @{placed} --yes --standalone wait")
        assert not boto3.client("stepfunctions").list_executions(
            stateMachineArn=told.deployment.state_machine
        )["executions"]
        told.run(
            f"drain @{placed} --yes --standalone 'stop-after 1m' --force --deadline 20m --detach -m 'new disks'"
        )
        told.tell("a quarter of an hour later")
        told.sleep(900)
        told.run("list")
        told.run("status")
        told.run(f"explain @{placed}")
        told.run(f"drain @{placed} --yes --force")
        told.tell("somebody applies the remedy")
        percents = {"minimumHealthyPercent": 100, "maximumPercent": 200}
        boto3.client("ecs").update_service(
            cluster=CLUSTER, service="legacy", deploymentConfiguration=percents
        )
        assert told.run(f"watch @{placed}").exit_code == 0
        compare_with_approved("refused-until-somebody-says-what-to-do", told.transcript)


def test_auto_scaling_takes_the_instance_anyway() -> None:
    """A drain that a lifecycle action started can be watched by anybody, and cancelling it would save nothing."""
    with shell(Service(), instances=3) as told:
        told.tell("an instance refresh terminates the first instance")
        told.world.terminate(told.ids[0])
        told.sleep(45)
        told.run("list")
        told.run("cancel @0 --yes")
        told.run("drain @0 --yes")
        told.run("status @0")
        told.run("watch")
        told.tell("the second goes too, and this time a person insists")
        told.world.terminate(told.ids[1])
        told.sleep(30)
        told.run("cancel @1 --yes --force -m 'wrong fleet'")
        assert status_of(told, 1) == "DRAINING", "new tasks on an instance that goes would be killed with it"
        told.run("history --limit 1")
        told.tell("ten minutes later: the reconciler, who looks every five, leaves it to people")
        told.sleep(600)
        told.run("list")
        compare_with_approved("auto-scaling-takes-the-instance-anyway", told.transcript)


def test_cancelled_in_mid_drain() -> None:
    with shell(Service(), instances=3) as told:
        told.run("drain @0 --yes --detach")
        told.sleep(30)
        told.run("cancel @0 --yes -m 'wrong instance'")
        assert status_of(told, 0) == "ACTIVE"
        told.run("history")
        told.run("status @0")
        told.run("explain @0")
        compare_with_approved("cancelled-in-mid-drain", told.transcript)
        item = boto3.client("dynamodb").get_item(
            TableName="ecs-drainer-dev-ledger", Key={"pk": {"S": f"instance#{told.ids[0]}"}}
        )["Item"]
        assert "execution" not in item


def test_followed_into_the_drain_that_takes_over() -> None:
    """A person drains by hand, then Auto Scaling terminates the instance: its drain knows more and takes over."""
    with shell(Service(), instances=3) as told:
        told.run("drain @0 --yes --detach -m 'looks ill'")
        told.sleep(20)
        told.tell("Auto Scaling finds the instance unhealthy")
        told.world.terminate(told.ids[0], replace=True)
        told.sleep(20)
        ran = told.run(f"watch {told.ids[0]}-manual-20260302T100300Z")
        assert ran.exit_code == 0
        told.run("history @0")
        compare_with_approved("followed-into-the-drain-that-takes-over", told.transcript)


def test_what_follows_a_drain() -> None:
    """Terminated by its group, or ACTIVE again as after maintenance."""
    with shell(Service(), instances=3) as told:
        told.run("drain @0 --yes --then return -m 'new kernel'")
        assert status_of(told, 0) == "ACTIVE"
        told.run("drain @1 --yes --then terminate -m 'bad disk'")
        told.sleep(60)
        told.run("history @1")
        assert told.ids[1] not in told.world.instances()
        told.run("plan @1")
        compare_with_approved("what-follows-a-drain", told.transcript)


def test_named_in_every_way_and_watched_from_before() -> None:
    """Whoever attaches by the drain's name while it runs sees it from its beginning."""
    with shell(Service(), instances=2) as told:
        arn = told.world.container_instance(told.ids[0])
        (described,) = boto3.client("ec2").describe_instances(InstanceIds=[told.ids[0]])["Reservations"]
        told.run(f"drain {described['Instances'][0]['PrivateDnsName']} --yes --detach")
        told.run(f"watch {told.ids[0]}-manual-20260302T100300Z")
        told.run(f"cancel {arn} --yes")
        told.run(f"plan {arn.rsplit('/', 1)[-1]} @0 @1")
        told.run("plan i-00000000000000000 ip-10-0-0-1")
        close = told.quietly(f"plan {told.ids[0]}f --cluster web").output
        assert f"close to it are\n    {told.ids[0]}" in close
        assert "--cluster (of plan" in close
        told.run("history i-00000000000000000")
        compare_with_approved("named-in-every-way", told.transcript)


def test_setting_up_and_the_doctor() -> None:
    with shell(Service(), hook=None, instances=1) as told:
        told.run("doctor")
        told.run(f"enroll --asg {GROUP} --heartbeat 10m --deadline 30m --dry-run")
        told.run(f"enroll --asg {GROUP} --heartbeat 10m --deadline 30m")
        told.run(f"enroll --asg {GROUP}")
        told.run(f"enroll --asg {GROUP} --heartbeat 30s --deadline 2h")
        told.run(f"enroll --asg {GROUP} --deadline banana")
        told.run("enroll --asg web-esc")
        told.run("doctor")
        told.tell("somebody changes the hook, disables the rule, deletes a function and mistypes a tag")
        boto3.client("autoscaling").put_lifecycle_hook(
            AutoScalingGroupName=GROUP,
            LifecycleHookName="ecs-drainer",
            HeartbeatTimeout=30,
            DefaultResult="ABANDON",
        )
        boto3.client("autoscaling").create_or_update_tags(
            Tags=[
                {
                    "ResourceId": GROUP,
                    "ResourceType": "auto-scaling-group",
                    "Key": "ecs-drainer:dedline",
                    "Value": "1h",
                    "PropagateAtLaunch": False,
                }
            ]
        )
        boto3.client("events").disable_rule(Name="ecs-drainer-dev-start_drain-event")
        boto3.client("lambda").delete_function(FunctionName=told.deployment.functions["look"])
        told.run("doctor")
        told.run("doctor --stage prod --asg web-ecs")
        compare_with_approved("setting-up-and-the-doctor", told.transcript)


def test_a_second_hook_is_not_put_beside_the_first() -> None:
    """The sample world's hook has another name; the stage acts on it, so that is the one to change."""
    with shell(Service(), instances=1) as told:
        told.run(f"enroll --asg {GROUP} --deadline 30m")
        told.run("doctor")
        told.run(f"enroll --asg {GROUP} --hook second --deadline 20m")
        told.run("doctor")
        told.run(f"enroll --asg {GROUP} --hook ecs-drain-2 --deadline 20m")
        told.run("doctor")
        told.run(f"enroll --asg {GROUP} --deadline 20m")
        told.run(f"enroll --asg {GROUP} --hook ecs-drain --deadline 20m")
        told.run("doctor")
        compare_with_approved("a-second-hook-beside-the-first", told.transcript)


def where(told: Shell, service: str) -> int:
    """Return the number of the instance that a service's one task is on."""
    ecs = boto3.client("ecs")
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=service)["taskArns"]
    (task,) = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
    arn = task["containerInstanceArn"]
    return next(number for number, one in enumerate(told.ids) if told.world.container_instance(one) == arn)


def test_programs_get_json() -> None:
    """`--output json`: one document, or a line a change while following."""
    with shell(Service(), instances=3) as told:
        (plan,) = json.loads(told.quietly(f"plan {told.ids[0]} -o json").stdout)
        assert plan["can_end"] is True
        lines = told.quietly(f"drain {told.ids[0]} --yes -o json").stdout.splitlines()
        changes = [json.loads(line) for line in lines]
        assert [change["kind"] for change in changes][:2] == ["started", "begun"]
        assert changes[-1] | {"outcome": "drained"} == changes[-1]
        (past,) = json.loads(told.quietly("history -o json").stdout)
        assert past["status"] == "drained"
        assert json.loads(told.quietly("list -o json").stdout) == []
        audit = json.loads(told.quietly(f"show {past['drain']} --data -o json").stdout)
        assert audit["states"][0]["name"] == "Plan the drain"
        assert audit["states"][0]["output"]["verdict"] == "drain"
        assert audit["tasks"][0]["statuses"][-1]["status"] == "STOPPED"
        refused = told.quietly(f"drain {told.ids[1]} --yes --then terminate --deadline 1m -o json")
        assert [one["override"] for one in json.loads(refused.stdout)["refused"]] == ["--force"]
