"""Reads what a fleet is chosen from, how fleets stand, and what their drains are asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.common.errors import AccessDenied, AwsRefused
from chalicelib.common.model import ContainerInstance, Task
from chalicelib.common.wording import shown
from chalicelib.fleet.notice import CANCELLED
from chalicelib.gateways import ecs
from chalicelib.gateways.aws import all_pages, client, in_batches, translated
from chalicelib.gateways.ledger import read_fleet
from cli import executions
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.fleets.progress import Progress, advance, with_outcomes
from cli.fleets.selection import Described
from cli.installation import Installation
from cli.problems import Halt

AT_ONCE_BY_AUTO_SCALING = 50
"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeAutoScalingInstances.html"""

AT_ONCE_BY_EC2 = 100


def fleet_machine(installation: Installation) -> str:
    """Return the ARN of the fleet's state machine."""
    return f"{installation.state_machine}-fleet"


def read_described(clusters: Sequence[str]) -> list[Described]:
    """Return every container instance of these clusters with its group, AMI, launch template and age.

    External instances (`mi-…`) are left out: nothing drains them.
    """
    found = [
        one
        for cluster in clusters
        for one in ecs.all_container_instances(cluster)
        if not one.ec2_instance_id.startswith("mi-")
    ]
    ids = sorted({one.ec2_instance_id for one in found} - {""})
    groups, machines = _in_groups(ids), _in_ec2(ids)
    return [_described(one, groups, machines) for one in found]


def _described(own: ContainerInstance, groups: dict[str, Any], machines: dict[str, Any]) -> Described:
    group, machine = groups.get(own.ec2_instance_id, {}), machines.get(own.ec2_instance_id, {})
    template = group.get("LaunchTemplate", {})
    name = template.get("LaunchTemplateName", "")
    return Described(
        instance_id=own.ec2_instance_id,
        arn=own.arn,
        cluster=own.cluster,
        status=own.status,
        is_connected=own.agent_connected,
        zone=own.availability_zone or machine.get("Placement", {}).get("AvailabilityZone", ""),
        image=machine.get("ImageId", ""),
        group=group.get("AutoScalingGroupName", ""),
        template=f"{name}:{template.get('Version', '')}" if name else "",
        template_id=template.get("LaunchTemplateId", ""),
        launched_at=machine.get("LaunchTime"),
        tasks=own.running_tasks + own.pending_tasks,
    )


def read_standalone(chosen: Sequence[Described]) -> list[tuple[Described, list[Task]]]:
    """Return those of the chosen that have tasks which no service started, with these."""
    clusters = sorted({one.cluster for one in chosen})
    # One listing of the cluster costs less than one for each of fifty container instances.
    running = (task for one in clusters for task in ecs.describe_tasks(one, ecs.tasks_where(one)).tasks)
    standalone = [task for task in running if task.service_name is None and not task.is_stopped]
    found = ((one, [task for task in standalone if task.container_instance_arn == one.arn]) for one in chosen)
    return [(one, tasks) for one, tasks in found if tasks]


def _in_groups(ids: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for batch in in_batches(ids, AT_ONCE_BY_AUTO_SCALING):
        with translated():
            answer = client("autoscaling").describe_auto_scaling_instances(InstanceIds=list(batch))
        found |= {one["InstanceId"]: one for one in answer["AutoScalingInstances"]}
    return found


def _in_ec2(ids: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for batch in in_batches(ids, AT_ONCE_BY_EC2):
        filters = [{"Name": "instance-id", "Values": list(batch)}]
        pages = all_pages(client("ec2").describe_instances, "Reservations", "NextToken", Filters=filters)
        found |= {one["InstanceId"]: one for page in pages for one in page["Instances"]}
    return found


def fleets(installation: Installation, limit: int = 20) -> list[str]:
    """Return the ARNs of the newest fleets, open and past, newest first."""
    with translated():
        answer = client("stepfunctions").list_executions(
            stateMachineArn=fleet_machine(installation), maxResults=limit
        )
    return [str(one["executionArn"]) for one in answer["executions"]]


def open_drains_of(machine: str, instance_ids: Sequence[str]) -> dict[str, str]:
    """Return the name of the open drain of each of these that has one; a drain's name begins with its instance's id.

    The executions say it at once, also of a drain that is planning and not in the ledger yet.
    """
    try:
        names = [arn.rsplit(":", 1)[-1] for arn in executions.running(machine)]
    except AwsRefused:  # a stage that is not deployed: it drains nothing
        return {}
    found = {one: next((name for name in names if name.startswith(f"{one}-")), None) for one in instance_ids}
    return {one: name for one, name in found.items() if name}


def find_fleet(desk: Desk, name: str | None) -> str:
    """Return the ARN of a fleet by its name or ARN, or of the newest; raises Halt where there is none."""
    known = desk.ask(fleets, desk.installation, 100)
    if name is None and known:
        return known[0]
    wanted = (name or "").rsplit(":", 1)[-1]
    for arn in known:
        if arn.rsplit(":", 1)[-1] == wanted:
            return arn
    sentence = (
        f"No fleet is known to stage {desk.stage}" if name is None else f"There is no fleet {shown(wanted)}"
    )
    raise Halt(sentence, "`ecs-drainer fleet list` shows the newest", ExitCode.NOT_FOUND)


def read_progress(desk: Desk, arn: str, before: Progress | None = None) -> Progress:
    """Return how a fleet stands by now."""
    progress = before or Progress(arn.rsplit(":", 1)[-1])
    progress = _advanced(progress, desk.ask(executions.history_after, arn, progress.last_id))
    if progress.status != CANCELLED:
        return progress
    entry = desk.ask(read_fleet, desk.installation.ledger, progress.name)
    return with_outcomes(progress, entry.outcomes) if entry else progress


def fleet_that_waits_for(desk: Desk, instance_id: str) -> str | None:
    """Return the name of the open fleet that will drain an instance yet, or None, also where that may not be read."""
    try:
        arns = desk.ask(executions.running, fleet_machine(desk.installation))
        known = [read_progress(desk, arn) for arn in arns]
    except (AccessDenied, AwsRefused):  # no such machine, or not this person's to see: the cancelling is done
        return None
    waiting = (one.name for one in known if one.is_waiting(instance_id))
    return next(waiting, None)


def _advanced(progress: Progress, events: Iterable[executions.Event]) -> Progress:
    for event in events:
        progress = advance(progress, event)
    return progress


def begin(machine: str, name: str, request: dict[str, Any]) -> str:
    """Start a fleet's execution and return its ARN; raises AwsRefused where the name is taken."""
    with translated():
        answer = client("stepfunctions").start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(request, sort_keys=True)
        )
    return str(answer["executionArn"])
