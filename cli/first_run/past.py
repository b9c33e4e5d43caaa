"""What an account knows already: answers that can be read in what has happened there. Nothing is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.common.errors import DrainerError
from chalicelib.gateways.aws import client, translated
from chalicelib.gateways.ecs import all_container_instances
from cli import executions
from cli.desk import Desk
from cli.first_run.account import Account
from cli.first_run.findings import Seen, Unsettled
from cli.first_run.of_machines import name_given
from cli.fleets.reading import fleet_machine

LATEST = 25
"""How many executions are looked through."""
AT_ONCE = timedelta(seconds=10)
"""In which a drain that is stopped with its fleet ends after it."""
AUTO_SCALING = "aws-sdk:autoscaling"
REFUSED = "Lifecycle Action found"
"""Of "No active Lifecycle Action found with ...", the ValidationError that drains meet."""
Answer = dict[str, Any]


def from_the_past(desk: Desk) -> dict[str, Seen]:
    """Return what can be answered by reading; a read that is refused answers nothing."""
    found: dict[str, Seen] = {}
    for name, read in READS.items():
        try:
            seen = read(desk)
        except (DrainerError, Unsettled):
            continue
        if seen:
            found[name] = seen
    return found


def error_name(desk: Desk) -> Seen | None:
    """Return how a ValidationError of Auto Scaling was named in the history of one of the latest drains."""
    for execution in _closed(desk.installation.state_machine):
        for event in executions.history_after(execution["executionArn"]):
            cause = str(event.details.get("cause", ""))
            if event.details.get("resourceType") == AUTO_SCALING and REFUSED in cause:
                error = str(event.details.get("error", ""))
                evidence = {"error": error, "cause": cause, "execution": execution["name"]}
                return Seen(name_given(error), evidence)
    return None


def fleet_stopped(desk: Desk) -> Seen | None:
    """Return what became of a drain that was open when its fleet was stopped, unless somebody ended it later."""
    fleets = _closed(fleet_machine(desk.installation), "ABORTED")
    drains = _closed(desk.installation.state_machine) if fleets else []
    for fleet in fleets:
        for drain in drains:
            if not drain["name"].endswith(f"-{fleet['name']}") or drain["stopDate"] < fleet["stopDate"]:
                continue
            answer = _how_it_went(drain, drain["stopDate"] - fleet["stopDate"])
            if answer:
                seconds = int((drain["stopDate"] - fleet["stopDate"]).total_seconds())
                evidence = {"fleet": fleet["name"], "drain": drain["name"], "status": drain["status"]}
                return Seen(answer, {**evidence, "seconds_after_the_fleet": seconds})
    return None


def _how_it_went(drain: Mapping[str, Any], later: timedelta) -> str | None:
    if drain["status"] != "ABORTED":
        return "goes-on" if later > AT_ONCE else None
    described = executions.describe(str(drain["executionArn"]))
    by_nobody = described is not None and not described.error
    return "stopped-with-it" if by_nobody and later <= AT_ONCE else None


def _closed(machine: str, status: str | None = None) -> list[Answer]:
    """Return the latest executions that have ended, newest first; none where there is no such machine."""
    wanted = {"statusFilter": status} if status else {}
    aws = client("stepfunctions")
    with translated():
        try:
            answer = aws.list_executions(stateMachineArn=machine, maxResults=LATEST, **wanted)
        except aws.exceptions.StateMachineDoesNotExist:
            return []
    return [one for one in answer["executions"] if one["status"] != "RUNNING"]


def root_volume(desk: Desk) -> Seen | None:
    """Return whether agents registered anew after an instance refresh had replaced root volumes."""
    account = Account(desk)
    replaced = list(_root_volumes_replaced(account))
    registered = _registered(account) if replaced else {}
    for began_at, members in replaced:
        for instance_id, launched_at in _launched(account, members):
            at = registered.get(instance_id)
            if at is not None and launched_at < began_at:
                evidence = {"refresh_began_at": began_at, "registered_at": at, "launched_at": launched_at}
                told = {key: value.isoformat(timespec="seconds") for key, value in evidence.items()}
                return Seen("new-arn" if at > began_at else "same-arn", told)
    return None


def _root_volumes_replaced(account: Account) -> Iterator[tuple[datetime, list[str]]]:
    """Yield when the latest such refresh of each group began, and the instances that the group has now."""
    groups = account.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "NextToken")
    for group in groups:
        given = {"AutoScalingGroupName": group["AutoScalingGroupName"]}
        refreshes = account.ask("autoscaling", "describe_instance_refreshes", **given)["InstanceRefreshes"]
        for refresh in refreshes:
            if refresh.get("Strategy") == "ReplaceRootVolume" and refresh["Status"] == "Successful":
                yield refresh["StartTime"], [one["InstanceId"] for one in group["Instances"]]
                break


def _launched(account: Account, instance_ids: list[str]) -> Iterator[tuple[str, datetime]]:
    """Yield when each instance was launched."""
    if instance_ids:
        answer = account.ask("ec2", "describe_instances", InstanceIds=instance_ids)
        for reservation in answer["Reservations"]:
            yield from ((one["InstanceId"], one["LaunchTime"]) for one in reservation["Instances"])


def _registered(account: Account) -> dict[str, datetime]:
    """Return when the container instance behind each EC2 instance registered, of those with an agent."""
    clusters = account.pages("ecs", "list_clusters", "clusterArns", "nextToken")
    found = [one for cluster in clusters for one in account.desk.ask(all_container_instances, cluster)]
    return {
        one.ec2_instance_id: one.registered_at for one in found if one.agent_connected and one.registered_at
    }


READS: Mapping[str, Callable[[Desk], Seen | None]] = {
    "validation-error-name": error_name,
    "fleet-stopped": fleet_stopped,
    "new-root-volume": root_volume,
}
