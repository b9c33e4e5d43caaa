"""Questions that take container instances: DRAINING twice, its event, protection, root volumes, and lifecycle hooks.

One throwaway group serves them all, in an order in which none disturbs the next; each leaves the instances ACTIVE.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from chalicelib.common.errors import AwsRefused, DrainerError
from cli.first_run.findings import Seen, Unsettled
from cli.first_run.making import INSTANCES, REGISTERED_WITHIN, Maker, mixed_policy

EVENT_WITHIN = 120.0
RUNS_WITHIN = 300.0
STOPS_WITHIN = 600.0
PROTECTED_FOR = 180.0
"""Seconds after another task has left for which a protected one must stay to be called waited for."""
STOPPING_AT_LEAST = 15.0
"""Seconds of STOPPING in which a scheduler that doesn't count such tasks would have acted."""
REFRESHED_WITHIN = 3600.0
RETURNS_WITHIN = 300.0
MESSAGE_WITHIN = 300.0
HOOK = "first-run"
TOKEN = re.compile(r'LifecycleActionToken"?:\s*"?([0-9a-f-]{36})')
INSTANCE = re.compile(r'EC2InstanceId"?:\s*"?(i-[0-9a-f]+)')
Answer = dict[str, Any]


@dataclass
class Ground:
    """The throwaway group and its cluster."""

    maker: Maker
    cluster: str
    group: str

    def ask(self, operation: str, **given: Any) -> Answer:
        """Ask ECS about the cluster."""
        return self.maker.account.ask("ecs", operation, cluster=self.cluster, **given)

    def instances(self) -> list[Answer]:
        """Return the container instances with an agent behind them, in an order that stays."""
        arns = self.ask("list_container_instances")["containerInstanceArns"]
        if not arns:
            return []
        found = self.ask("describe_container_instances", containerInstances=arns)["containerInstances"]
        return sorted(
            (one for one in found if one["agentConnected"]), key=lambda one: str(one["ec2InstanceId"])
        )

    def all_instances(self) -> list[Answer] | None:
        """Return them once there are as many as there will be."""
        found = self.instances()
        return found if len(found) >= INSTANCES else None

    def task(self, arn: str) -> Answer:
        """Describe a task; raises Unsettled for one that ECS knows no more of."""
        found: list[Answer] = self.ask("describe_tasks", tasks=[arn])["tasks"]
        if not found:
            raise Unsettled("ECS knows no more of a task that was just seen")
        return found[0]

    def set_state(self, arn: str, status: str) -> Answer:
        """Set a container instance's status; returns the failures, or the error, that AWS answered."""
        try:
            answer = self.ask("update_container_instances_state", containerInstances=[arn], status=status)
        except AwsRefused as refusal:
            return {"error": str(refusal)}
        return {"failures": [str(one.get("reason")) for one in answer["failures"]]}

    @contextmanager
    def draining(self, arn: str) -> Iterator[Answer]:
        """Set an instance DRAINING, and ACTIVE again at the end; raises Unsettled where it is refused."""
        answer = self.set_state(arn, "DRAINING")
        if answer != {"failures": []}:
            raise Unsettled(f"an ACTIVE container instance could not be set DRAINING: {answer}")
        try:
            yield answer
        finally:
            with suppress(DrainerError):
                self.set_state(arn, "ACTIVE")

    def messages(self, url: str) -> list[Answer]:
        """Take what waits in a queue, as JSON."""
        given = {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        received = self.maker.account.ask("sqs", "receive_message", **given).get("Messages", [])
        for one in received:
            self.maker.account.ask("sqs", "delete_message", QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return [json.loads(one["Body"]) for one in received]


def lay(maker: Maker) -> Ground:
    """Create the group and wait until its instances have registered."""
    ground = Ground(maker, *maker.group())
    what = f"{INSTANCES} container instances have registered with {ground.cluster}"
    maker.account.wait_for(what, ground.all_instances, REGISTERED_WITHIN)
    return ground


def set_states(ground: Ground) -> Mapping[str, Seen]:
    """Set an instance without tasks DRAINING twice; returns whether there was an event, and what the second was."""
    url = _queue_of_events(ground)
    arn = ground.instances()[0]["containerInstanceArn"]
    with ground.draining(arn) as first:
        event = ground.maker.account.watch(lambda: _draining_event(ground, url, arn), EVENT_WITHIN)
        second = ground.set_state(arn, "DRAINING")
    told = {"event": event} if event else {"seconds_without_event": int(EVENT_WITHIN)}
    return {
        "draining-twice": Seen("no-op" if second == first else "error", {"first": first, "second": second}),
        "event-of-set-state": Seen("event" if event else "no-event", told),
    }


def _queue_of_events(ground: Ground) -> str:
    account, run = ground.maker.account, ground.maker.run
    arn = ground.ask("list_container_instances")["containerInstanceArns"][0]
    cluster = f"{arn.partition(':container-instance/')[0]}:cluster/{ground.cluster}"
    pattern = {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Container Instance State Change"],
        "detail": {"clusterArn": [cluster]},
    }
    name = run.name("events")
    rule = account.ask("events", "put_rule", Name=name, EventPattern=json.dumps(pattern), Tags=run.tags())
    url, queue = ground.maker.queue("events", "events.amazonaws.com", rule["RuleArn"])
    account.ask("events", "put_targets", Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
    return url


def _draining_event(ground: Ground, url: str, arn: str) -> Answer | None:
    for event in ground.messages(url):
        detail = event["detail"]
        if detail["containerInstanceArn"] == arn and detail["status"] == "DRAINING":
            return {
                "detail-type": event["detail-type"],
                **{key: detail.get(key) for key in ("status", "version")},
            }
    return None


def leaving(ground: Ground) -> Mapping[str, Seen]:
    """Set an instance with a protected and another service task DRAINING; returns who left, and when the next came."""
    leaves, stays = (one["containerInstanceArn"] for one in ground.instances()[:2])
    definition = ground.maker.task_definition()
    with ground.draining(stays):
        tasks = {name: _service_of_one(ground, name, definition) for name in ("plain", "protected")}
    protection = {"tasks": [tasks["protected"]], "protectionEnabled": True, "expiresInMinutes": 120}
    failures = ground.ask("update_task_protection", **protection)["failures"]
    if failures:
        raise Unsettled(f"the task could not be protected: {failures[0].get('reason')}")
    with ground.draining(leaves):
        what = "the task without protection is STOPPED"
        old = ground.maker.account.wait_for(what, lambda: _stopped(ground, tasks["plain"]), STOPS_WITHIN)
        left = ground.maker.account.watch(lambda: _told_to_stop(ground, tasks["protected"]), PROTECTED_FOR)
        new = ground.maker.account.watch(lambda: _replacement(ground, tasks["plain"]), RUNS_WITHIN)
    return {"draining-and-protection": _protected(left), "stopping-counts": _counted(old, new)}


def _service_of_one(ground: Ground, name: str, definition: str) -> str:
    """Create a service that stops its task before it starts another; returns its task once that is RUNNING."""
    run = ground.maker.run
    ground.ask(
        "create_service",
        serviceName=run.name(name),
        taskDefinition=definition,
        desiredCount=1,
        launchType="EC2",
        deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100},
        tags=run.tags("key", "value"),
    )
    what = f"the task of service {name} is RUNNING"
    return ground.maker.account.wait_for(what, lambda: _running(ground, run.name(name)), RUNS_WITHIN)


def _running(ground: Ground, service: str) -> str | None:
    arns = ground.ask("list_tasks", serviceName=service)["taskArns"]
    return str(arns[0]) if arns and ground.task(arns[0])["lastStatus"] == "RUNNING" else None


def _stopped(ground: Ground, arn: str) -> Answer | None:
    task = ground.task(arn)
    return task if task["lastStatus"] == "STOPPED" else None


def _told_to_stop(ground: Ground, arn: str) -> str | None:
    task = ground.task(arn)
    return str(task["lastStatus"]) if task["desiredStatus"] == "STOPPED" else None


def _replacement(ground: Ground, old: str) -> Answer | None:
    arns = ground.ask("list_tasks", serviceName=ground.maker.run.name("plain"))["taskArns"]
    return next((ground.task(arn) for arn in arns if arn != old), None)


def _protected(left: str | None) -> Seen:
    evidence = {
        "protected_task": f"{left}, and wanted STOPPED" if left else "RUNNING",
        "other_task": "STOPPED",
    }
    return Seen("does-not-wait" if left else "waits", {**evidence, "seconds_later": int(PROTECTED_FOR)})


def _counted(old: Answer, new: Answer | None) -> Seen:
    """Return whether a replacement waited for STOPPED; raises Unsettled where that can't be told."""
    if new is None:
        return Seen("unsettled", {"why": "no replacement came"})
    stopping = (old["stoppedAt"] - old.get("stoppingAt", old["stoppedAt"])).total_seconds()
    after = (new["createdAt"] - old["stoppedAt"]).total_seconds()
    evidence = {
        "seconds_of_stopping": round(stopping),
        "replacement_created_seconds_after_stopped": round(after),
    }
    if after >= 0 and stopping < STOPPING_AT_LEAST:
        return Seen("unsettled", {"why": f"the task was STOPPING for {stopping:g} s only", **evidence})
    return Seen("counts" if after >= 0 else "does-not-count", evidence)


def root_volumes(ground: Ground) -> Mapping[str, Seen]:
    """Replace the root volumes by an instance refresh; returns whether the container instances are new ones."""
    account, group = ground.maker.account, {"AutoScalingGroupName": ground.group}
    before = {one["ec2InstanceId"]: one["containerInstanceArn"] for one in ground.instances()}
    described = account.ask(
        "autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[ground.group]
    )
    overrides = described["AutoScalingGroups"][0]["MixedInstancesPolicy"]["LaunchTemplate"]["Overrides"]
    refresh = account.ask(
        "autoscaling",
        "start_instance_refresh",
        Strategy="ReplaceRootVolume",
        DesiredConfiguration={"MixedInstancesPolicy": mixed_policy(ground.group, overrides[0]["ImageId"])},
        Preferences={"MinHealthyPercentage": 0, "InstanceWarmup": 0},
        **group,
    )["InstanceRefreshId"]
    ended = account.wait_for("the instance refresh ends", lambda: _ended(ground, refresh), REFRESHED_WITHIN)
    if ended["Status"] != "Successful":
        raise Unsettled(
            f"the instance refresh was {ended['Status']}: {ended.get('StatusReason', 'no reason')}"
        )
    account.watch(lambda: True if _renewed(ground, before) == set(before) else None, RETURNS_WITHIN)
    renewed = _renewed(ground, before)
    evidence = {"instances": len(before), "with_a_new_arn": len(renewed), "refresh": ended["Status"]}
    if renewed and renewed != set(before):
        raise Unsettled(f"some container instances are new and some are not: {json.dumps(evidence)}")
    return {"new-root-volume": Seen("new-arn" if renewed else "same-arn", evidence)}


def _ended(ground: Ground, refresh: str) -> Answer | None:
    given = {"AutoScalingGroupName": ground.group, "InstanceRefreshIds": [refresh]}
    (found,) = ground.maker.account.ask("autoscaling", "describe_instance_refreshes", **given)[
        "InstanceRefreshes"
    ]
    return found if found.get("EndTime") else None


def _renewed(ground: Ground, before: Mapping[str, str]) -> set[str]:
    """Return the EC2 instances that are a container instance now that they were not before."""
    return {
        one["ec2InstanceId"]
        for one in ground.instances()
        if before.get(one["ec2InstanceId"], one["containerInstanceArn"]) != one["containerInstanceArn"]
    }


def lifecycle(ground: Ground) -> Mapping[str, Seen]:
    """Scale the group in under a hook that tells a topic; returns what the topic got, and whose token counts."""
    url = _hook_with_topic(ground)
    given = {"AutoScalingGroupName": ground.group, "DesiredCapacity": 0}
    ground.maker.account.ask("autoscaling", "set_desired_capacity", **given)
    told: list[str] = []
    what = f"the topic is told of {INSTANCES} lifecycle actions"
    ground.maker.account.wait_for(what, lambda: _all_told(ground, url, told), MESSAGE_WITHIN)
    return {"topic-body": _form_of(told), "token-of-another": _crossed(ground, told)}


def _hook_with_topic(ground: Ground) -> str:
    maker, account, run = ground.maker, ground.maker.account, ground.maker.run
    topic = account.ask("sns", "create_topic", Name=run.name("topic"), Tags=run.tags())["TopicArn"]
    url, queue = maker.queue("topic", "sns.amazonaws.com", topic)
    account.ask("sns", "subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue)
    account.ask_until_taken(
        "autoscaling",
        "put_lifecycle_hook",
        AutoScalingGroupName=ground.group,
        LifecycleHookName=HOOK,
        LifecycleTransition="autoscaling:EC2_INSTANCE_TERMINATING",
        HeartbeatTimeout=900,
        DefaultResult="CONTINUE",
        NotificationTargetARN=topic,
        RoleARN=maker.role("topic", "autoscaling.amazonaws.com", {topic: "sns:Publish"}),
    )
    return url


def _all_told(ground: Ground, url: str, told: list[str]) -> bool | None:
    """Add what the topic got of lifecycle actions to `told`; True once there is one of each instance."""
    bodies = [str(one.get("Message", "")) for one in ground.messages(url)]
    told += [body for body in bodies if TOKEN.search(body) and INSTANCE.search(body)]
    return True if len(_tokens(told)) >= INSTANCES else None


def _tokens(told: list[str]) -> dict[str, str]:
    """Return the token of each instance's lifecycle action."""
    pairs = [(INSTANCE.search(body), TOKEN.search(body)) for body in told]
    return {instance[1]: token[1] for instance, token in pairs if instance and token}


def _form_of(told: list[str]) -> Seen:
    try:
        keys = sorted(json.loads(told[0]))
    except ValueError:
        lines = [line.partition(":")[0].strip() for line in told[0].splitlines() if ":" in line]
        return Seen("text", {"keys": lines})
    return Seen("json", {"keys": keys})


def _crossed(ground: Ground, told: list[str]) -> Seen:
    """Record a heartbeat with one action's token and the other's instance; one with what belongs together as well."""
    (own, token), (other, _) = sorted(_tokens(told).items())[:2]
    straight, crossed = _heartbeat(ground, token, own), _heartbeat(ground, token, other)
    if straight != "accepted":
        return Seen(
            "unsettled", {"why": f"a heartbeat with its own instance's id was refused too: {straight}"}
        )
    return Seen(
        "accepted" if crossed == "accepted" else "refused", {"own_id": straight, "another_id": crossed}
    )


def _heartbeat(ground: Ground, token: str, instance_id: str) -> str:
    try:
        ground.maker.account.ask(
            "autoscaling",
            "record_lifecycle_action_heartbeat",
            AutoScalingGroupName=ground.group,
            LifecycleHookName=HOOK,
            LifecycleActionToken=token,
            InstanceId=instance_id,
        )
    except AwsRefused as refusal:
        return str(refusal)
    return "accepted"
