"""What is rehearsed: which instances go, and how; read from the command line's words, done with AWS's own calls."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

from chalicelib.common.errors import InvalidInput
from chalicelib.common.model import stamp
from chalicelib.common.wording import shown
from chalicelib.explain.words import some
from rehearsal.snapshot import Item, Snapshot


class Kind(StrEnum):
    """How instances go."""

    SCALE_IN = "scale-in"
    INSTANCES = "instances"
    INSTANCE_REFRESH = "instance-refresh"
    SPOT_STORM = "spot-storm"
    AT_ONCE = "at-once"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that is rehearsed."""

    kind: Kind
    number: int = 0
    """Instances of a scale-in or at once; percent of a Spot storm."""
    instances: tuple[str, ...] = ()
    group: str | None = None
    """The Auto Scaling group; None where the snapshot has one."""
    min_healthy: int | None = None
    """Percent; None: the group's instance maintenance policy, or 90."""
    max_healthy: int | None = None
    """Percent; None: the group's instance maintenance policy, or 100."""

    @property
    def words(self) -> str:
        """The scenario as on the command line."""
        given = {
            Kind.INSTANCES: " ".join(f"--instances {each}" for each in self.instances),
            Kind.SPOT_STORM: f"--spot-storm {self.number}%",
            Kind.INSTANCE_REFRESH: "--instance-refresh",
        }
        said = given.get(self.kind, f"--{self.kind.value} {self.number}")
        if self.kind is Kind.INSTANCE_REFRESH:
            percents = {"min-healthy": self.min_healthy, "max-healthy": self.max_healthy}
            said += "".join(f" --{name} {value}" for name, value in percents.items() if value is not None)
        return said + (f" --asg {self.group}" if self.group else "")


@dataclass(frozen=True, slots=True)
class Doomed:
    """Whom it takes, as far as is known beforehand; a scale-in's choice is Auto Scaling's."""

    instances: tuple[str, ...]
    refresh: str | None = None
    """The group that is refreshed."""


def check(scenario: Scenario, snapshot: Snapshot) -> None:
    """Refuse what can't be done in this cluster; raises InvalidInput."""
    if scenario.kind is Kind.INSTANCES:
        unknown = [each for each in scenario.instances if each not in snapshot.ec2]
        if unknown:
            raise InvalidInput(
                f"`--instances` is {shown(unknown[0])}: expected an instance of the snapshot, which was taken at "
                f"{stamp(snapshot.taken_at)}: {some(sorted(snapshot.ec2), 10)}"
            )
        return
    if scenario.kind is Kind.SPOT_STORM:
        _expect(0 < scenario.number <= 100, "--spot-storm", scenario.number, "1% to 100%")
        if not _spot(snapshot, scenario.group):
            raise InvalidInput("no instance of the snapshot is a Spot Instance: a Spot storm takes none")
        return
    group = group_of(scenario, snapshot)
    serving = _serving(group)
    if scenario.kind is Kind.SCALE_IN:
        lowest = group["DesiredCapacity"] - group["MinSize"]
        _expect(
            0 < scenario.number <= lowest,
            "--scale-in",
            scenario.number,
            f"1 to {lowest} (MinSize is {group['MinSize']})",
        )
    elif scenario.kind is Kind.AT_ONCE:
        _expect(0 < scenario.number <= len(serving), "--at-once", scenario.number, f"1 to {len(serving)}")
    else:
        _check_percents(scenario)


def _check_percents(scenario: Scenario) -> None:
    """Take what StartInstanceRefresh does (API reference, RefreshPreferences)."""
    least, most = scenario.min_healthy, scenario.max_healthy
    if least is not None:
        _expect(0 <= least <= 100, "--min-healthy", least, "0 to 100")
    if most is not None:
        _expect(100 <= most <= 200, "--max-healthy", most, "100 to 200")
        _expect(least is not None, "--max-healthy", most, "--min-healthy beside it")
        _expect(
            most - (least or 0) <= 100,
            "--max-healthy",
            most,
            f"at most {(least or 0) + 100}, 100 above --min-healthy",
        )


def _expect(fits: bool, option: str, value: Any, expected: str) -> None:
    if not fits:
        raise InvalidInput(f"`{option}` is {shown(value)}: expected {expected}")


def group_of(scenario: Scenario, snapshot: Snapshot) -> Item:
    """Return the Auto Scaling group that is meant; raises InvalidInput."""
    names = [group["AutoScalingGroupName"] for group in snapshot.groups]
    if scenario.group is None and len(names) != 1:
        raise InvalidInput(
            f"the snapshot has {len(names)} Auto Scaling groups ({', '.join(names)}): name one with --asg"
        )
    wanted = scenario.group or names[0]
    for group in snapshot.groups:
        if group["AutoScalingGroupName"] == wanted:
            return group
    raise InvalidInput(f"`--asg` is {shown(wanted)}: expected one of {', '.join(names)}")


def begin(scenario: Scenario, snapshot: Snapshot, seed: int, manual_drain: str) -> Doomed:
    """Let it happen now, in the running embedded AWS.

    `manual_drain`: the ARN of the function that starts a drain by hand, for instances that are in no group.
    """
    if scenario.kind is Kind.INSTANCES:
        return _replace(scenario.instances, snapshot, manual_drain)
    if scenario.kind is Kind.SPOT_STORM:
        return _interrupt(_spot(snapshot, scenario.group), scenario.number, seed)
    group = group_of(scenario, snapshot)
    name, autoscaling = group["AutoScalingGroupName"], _client("autoscaling")
    if scenario.kind is Kind.SCALE_IN:
        wanted = group["DesiredCapacity"] - scenario.number
        autoscaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=wanted)
        return Doomed(())
    if scenario.kind is Kind.AT_ONCE:
        return _replace(_serving(group)[: scenario.number], snapshot, manual_drain)
    autoscaling.start_instance_refresh(
        AutoScalingGroupName=name, Strategy="Rolling", Preferences=_preferences(scenario, group)
    )
    return Doomed((), name)


def _preferences(scenario: Scenario, group: Item) -> Item:
    policy = group.get("InstanceMaintenancePolicy", {})
    percents = {
        "MinHealthyPercentage": _first(scenario.min_healthy, policy.get("MinHealthyPercentage"), 90),
        "MaxHealthyPercentage": _first(scenario.max_healthy, policy.get("MaxHealthyPercentage")),
        "InstanceWarmup": _first(group.get("DefaultInstanceWarmup")),
    }
    return {name: value for name, value in percents.items() if value is not None and value >= 0}


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _replace(instances: Sequence[str], snapshot: Snapshot, manual_drain: str) -> Doomed:
    """Let Auto Scaling terminate and replace them; those in no group are drained by hand."""
    grouped = {one["InstanceId"] for group in snapshot.groups for one in group.get("Instances", [])}
    for instance in instances:
        if instance in grouped:
            _client("autoscaling").terminate_instance_in_auto_scaling_group(
                InstanceId=instance, ShouldDecrementDesiredCapacity=False
            )
        else:
            _client("lambda").invoke(
                FunctionName=manual_drain,
                InvocationType="Event",
                Payload=json.dumps({"instance_id": instance, "reason": "rehearsed"}),
            )
    return Doomed(tuple(instances))


def _client(service: str) -> Any:
    from embedded_aws.clients import client  # noqa: PLC0415  # a second of imports: whoever only checks goes without

    return client(service)


def _interrupt(spot: Sequence[str], percent: int, seed: int) -> Doomed:
    from embedded_aws.autoscaling import spot_interruption  # noqa: PLC0415  # as above

    number = math.ceil(len(spot) * percent / 100)
    chosen = Random(seed).sample(sorted(spot), number)  # noqa: S311  # no secret, and the same for the same seed
    for instance in sorted(chosen):
        spot_interruption(instance)
    return Doomed(tuple(sorted(chosen)))


def _spot(snapshot: Snapshot, group: str | None) -> list[str]:
    members = {
        one["InstanceId"]
        for each in snapshot.groups
        if group in (None, each["AutoScalingGroupName"])
        for one in each.get("Instances", [])
    }
    return [
        each["InstanceId"]
        for each in snapshot.ec2.values()
        if each.get("InstanceLifecycle") == "spot" and (group is None or each["InstanceId"] in members)
    ]


def _serving(group: Item) -> list[str]:
    return [one["InstanceId"] for one in group.get("Instances", []) if one["LifecycleState"] == "InService"]
