"""Scaling activities: what DescribeScalingActivities tells, and the events of Auto Scaling."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from embedded_aws import eventbridge
from embedded_aws.autoscaling.members import Group, GroupInstance, fresh_uuid
from embedded_aws.aws import current, now, stamp


@dataclass(frozen=True)
class Route:
    """Where an instance comes from and goes to: `EC2`, `AutoScalingGroup` or `WarmPool`."""

    origin: str
    destination: str
    action: str | None = None
    """`ReplaceRootVolume` where an instance refresh exchanges the root volume only."""

    def fields(self) -> dict[str, str]:
        """Return the fields of an event that tell the route."""
        told = {"Origin": self.origin, "Destination": self.destination}
        return told | ({"Action": self.action} if self.action else {})


OUT_OF_SERVICE = Route("AutoScalingGroup", "EC2")
INTO_SERVICE = Route("EC2", "AutoScalingGroup")
INTO_POOL = Route("EC2", "WarmPool")
BACK_TO_POOL = Route("AutoScalingGroup", "WarmPool")
POOL_TO_SERVICE = Route("WarmPool", "AutoScalingGroup")
OUT_OF_POOL = Route("WarmPool", "EC2")
NEW_ROOT_VOLUME = Route("AutoScalingGroup", "AutoScalingGroup", "ReplaceRootVolume")


def emit(group: Group, detail_type: str, detail: dict[str, Any], resources: Sequence[str] = ()) -> None:
    """Put an event of Auto Scaling on the default bus; the group's ARN is its first resource."""
    eventbridge.emit("aws.autoscaling", detail_type, detail, [group.arn, *resources], now())


VERBS = {"Launch": "Launching a new EC2 instance", "Terminate": "Terminating EC2 instance"}


@dataclass
class Activity:
    """One launch or termination; the attributes have the names that moto's serializer looks for."""

    activity_id: str
    kind: str
    member: GroupInstance
    cause: str
    route: Route
    start_time: datetime
    status_code: str = "InProgress"
    end_time: datetime | None = None

    @property
    def auto_scaling_group_name(self) -> str:
        """The name of its group."""
        return str(self.member.group.name)

    @property
    def description(self) -> str:
        """What is done to which instance."""
        return f"{VERBS[self.kind]}: {self.member.instance_id}"

    @property
    def progress(self) -> int:
        """In percent."""
        return 100 if self.end_time else 50

    @property
    def details(self) -> str:
        """Where the instance is, as JSON."""
        return json.dumps(self._where())

    def end(self, status: str) -> None:
        """Close the activity: `Successful` tells EventBridge, `Cancelled` is only remembered."""
        self.status_code, self.end_time = status, now()
        if status == "Successful":
            event = f"EC2 Instance {self.kind} Successful"
            emit(self.member.group, event, self._detail(), [self._instance_arn()])

    def _where(self) -> dict[str, Any]:
        instance = self.member.instance
        return {"Subnet ID": instance.subnet_id, "Availability Zone": self.member.availability_zone}

    def _instance_arn(self) -> str:
        group = self.member.group
        return f"arn:aws:ec2:{group.region}:{group.account_id}:instance/{self.member.instance_id}"

    def _detail(self) -> dict[str, Any]:
        return {
            "StatusCode": "InProgress",  # as on AWS, where the event is written before the activity is closed
            "Description": self.description,
            "AutoScalingGroupName": self.auto_scaling_group_name,
            "ActivityId": self.activity_id,
            "Details": self._where(),
            "RequestId": self.activity_id,
            "StatusMessage": "",
            "EndTime": stamp(now()),
            "EC2InstanceId": self.member.instance_id,
            "StartTime": stamp(self.start_time),
            "Cause": self.cause,
            "Origin": self.route.origin,
            "Destination": self.route.destination,
        }


def activities() -> list[Activity]:
    """Return every activity of the running embedded AWS, the latest first."""
    return current().part("autoscaling.activities", list[Activity])


def begin(kind: str, member: GroupInstance, cause: str, route: Route) -> Activity:
    """Open an activity of an instance; one that was open is cancelled."""
    close(member, "Cancelled")
    cause = f"At {stamp(now())} {cause}"
    activity = Activity(fresh_uuid(), kind, member, cause, route, now())
    activities().insert(0, activity)
    return activity


def close(member: GroupInstance, status: str) -> None:
    """End the instance's open activity, if there is one."""
    for activity in open_activities(member):
        activity.end(status)


def mark(member: GroupInstance, status: str) -> None:
    """Say how far the instance's open activity is."""
    for activity in open_activities(member):
        activity.status_code = status


def open_activities(member: GroupInstance) -> list[Activity]:
    """Return the instance's activity that has not ended (there is at most one)."""
    return [one for one in activities() if one.member is member and one.end_time is None]
