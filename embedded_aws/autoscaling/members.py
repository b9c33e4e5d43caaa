"""An instance of a group, and the group as moto has it plus what its lifecycle needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from moto.autoscaling.models import FakeAutoScalingGroup, InstanceState

from embedded_aws.autoscaling.hooks import Hook
from embedded_aws.aws import current, later, now


@dataclass
class Behaviour:
    """Switches for what AWS leaves open; a test sets them on `behaviour()`."""

    topics_get_text: bool = False
    """Whether a hook's SNS topic gets lines of `Key: value`: PutLifecycleHook in the API reference speaks of an
    "email key-value pair format", the user guide shows JSON for SQS only."""
    tokens_suit_any_instance: bool = False
    """Whether a lifecycle action's token counts alone where the request names another instance as well;
    CompleteLifecycleAction in the API reference doesn't say."""


@dataclass
class Memory:
    """The order of launches in one embedded AWS, where its identifiers come from, and its switches."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    launches: Iterator[int] = field(default_factory=count)
    identifiers: Random = field(default_factory=lambda: Random("Auto Scaling"))  # noqa: S311 - no secrets, the same in every run


def memory() -> Memory:
    """Return what the running embedded AWS remembers of Auto Scaling."""
    return current().part("autoscaling", Memory)


def behaviour() -> Behaviour:
    """Return the switches of the running embedded Auto Scaling."""
    return memory().behaviour


def fresh_uuid() -> str:
    """Return the next identifier of 36 characters, as lifecycle action tokens are; the same in every run."""
    return str(UUID(int=memory().identifiers.getrandbits(128), version=4))


WAITING_FOR_SERVICE = ("Pending", "ReplacingRootVolume", "RootVolumeReplaced")


class GroupInstance(InstanceState):  # type: ignore[misc]  # moto ships no types
    """One EC2 instance in a group or in its warm pool."""

    def __init__(self, instance: Any, group: Group) -> None:
        instance.autoscaling_group = group
        super().__init__(instance, "Pending", autoscaling_group=group)
        self.group = group
        self.protected_from_scale_in = group.new_instances_protected_from_scale_in
        self.order = next(memory().launches)
        self.version = group.template_version()
        self.image_id = instance.image_id
        self.in_service_at = now()
        self.outgoing = False
        """To be terminated as soon as its replacement is in service."""
        self.gone = False

    @property
    def launch_template(self) -> dict[str, Any] | None:
        """The launch template and the version that the instance was launched with."""
        return self.version and {
            "LaunchTemplateId": self.version.template.id,
            "LaunchTemplateName": self.version.template.name,
            "Version": str(self.version.number),
        }

    @property
    def counts(self) -> bool:
        """Whether the group's desired capacity counts it: it serves, or is on its way to."""
        state = self.lifecycle_state
        return not self.outgoing and (state == "InService" or state.startswith(WAITING_FOR_SERVICE))

    def after(self, seconds: float, step: Callable[[], None], label: str) -> None:
        """Book a step, to be forgotten if the instance leaves its present state before."""
        state = self.lifecycle_state

        def step_if_still() -> None:
            if self.lifecycle_state == state and not self.gone:
                step()

        later(seconds, step_if_still, f"{self.instance_id} {label}")


class Group(FakeAutoScalingGroup):  # type: ignore[misc]  # moto ships no types
    """An Auto Scaling group whose instances come and go through their lifecycle."""

    instance_states: list[GroupInstance]
    mixed_instances_policy: dict[str, Any] | None
    health_check_grace_period: int
    boot_seconds: float | None = None
    """From a launch until the instance is up; None: as any."""
    provided_launch_template_version: str | None = None
    """The version as the request had it; moto forgets to say that a mixed instances policy has none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.warm_instances: list[GroupInstance] = []
        self.instance_lifecycle_policy: dict[str, Any] | None = None
        self.deleted = False
        super().__init__(*args, **kwargs)

    def set_desired_capacity(self, new_capacity: int | None) -> None:
        """Note the number; who keeps the group at it is told with `changed()`."""
        self.desired_capacity = int(self.min_size or 0) if new_capacity is None else new_capacity

    def reconfigure(self, configuration: dict[str, Any]) -> None:
        """Take over the desired configuration of an instance refresh for what is launched from now on."""
        policy, template = configuration.get("MixedInstancesPolicy"), configuration.get("LaunchTemplate")
        self.mixed_instances_policy = policy or self.mixed_instances_policy
        self._set_launch_configuration("", template or {}, policy)

    def changed(self) -> None:
        """Tell those who keep the group as it should be that something about it is different now."""
        for keeper in () if self.deleted else KEEPERS:
            keeper(self)

    @property
    def members(self) -> list[GroupInstance]:
        """Every instance, those of the warm pool included, oldest first."""
        return sorted([*self.instance_states, *self.warm_instances], key=lambda member: member.order)

    @property
    def counted(self) -> list[GroupInstance]:
        """The instances that the desired capacity counts, oldest first."""
        return [member for member in self.members if member.counts]

    @property
    def serving(self) -> list[GroupInstance]:
        """Those of the counted that are in service."""
        return [member for member in self.counted if member.lifecycle_state == "InService"]

    @property
    def warm_pool_size(self) -> int | None:
        """How many instances the warm pool has; None without a pool."""
        return len(self.warm_instances) if self.warm_pool else None

    @property
    def retains_abandoned(self) -> bool:
        """Whether an abandoned terminate action keeps the instance (its instance lifecycle policy)."""
        triggers = (self.instance_lifecycle_policy or {}).get("RetentionTriggers") or {}
        return triggers.get("TerminateHookAbandon") == "retain"

    def hooks(self, transition: str) -> list[Hook]:
        """Return the group's hooks on a transition."""
        hooks = self.autoscaling_backend.describe_lifecycle_hooks(self.name)
        return [hook for hook in hooks if hook.lifecycle_transition == transition]

    def suspended(self, process: str) -> bool:
        """Whether SuspendProcesses stopped the process."""
        return process in self._suspended_processes

    def template_version(self) -> Any:
        """Return the version of the launch template that a launch takes now, or None."""
        template = self.ec2_launch_template
        return template and template.get_version(self.launch_template_version)

    def take(self, member: GroupInstance, state: str = "Pending") -> GroupInstance:
        """Take an instance into the group, or into its warm pool where the state is of it."""
        self.drop(member)
        member.gone, member.lifecycle_state = False, state
        if state.startswith("Warmed:"):
            self.warm_instances = [*self.warm_instances, member]
        else:
            self.instance_states = [*self.instance_states, member]
        return member

    def drop(self, member: GroupInstance) -> None:
        """Let an instance leave the group for good."""
        member.gone = True
        self.instance_states = [other for other in self.instance_states if other is not member]
        self.warm_instances = [other for other in self.warm_instances if other is not member]


KEEPERS: list[Callable[[Group], None]] = []
"""Who keeps groups as they should be, in turn: their capacity, their warm pool, their instance refresh."""


def member_of_any(backend: Any, instance_id: str) -> GroupInstance | None:
    """Return the instance as the member of a group, or None where it is in none."""
    members = (member for group in backend.autoscaling_groups.values() for member in group.members)
    return next((member for member in members if member.instance_id == instance_id), None)
