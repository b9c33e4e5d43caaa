"""What the plan found of an instance before anything was touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.common.model import ContainerInstance, LifecycleHook

IN_CLUSTER = frozenset({"ACTIVE", "DRAINING", "REGISTERING"})

# The states in which Auto Scaling holds an instance for its terminate hooks, or is about to:
# https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
HELD = (
    "Terminating",
    "Terminating:Wait",
    "Warmed:Pending:Wait",
    "Warmed:Terminating:Wait",
    "ReplacingRootVolume:Wait",
)


@dataclass(frozen=True, slots=True)
class AutoScalingGroup:
    """What DescribeAutoScalingGroups says that a drain needs."""

    name: str
    tags: Mapping[str, str]
    retains_on_abandon: bool
    """Whether ABANDON keeps the instance (InstanceLifecyclePolicy, TerminateHookAbandon = retain)."""
    states: Mapping[str, str]
    """The lifecycle state of each instance, by EC2 instance id."""
    has_warm_pool: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """The Auto Scaling group, the hook and the container instances that an EC2 instance belongs to."""

    group: AutoScalingGroup | None = None
    hook: LifecycleHook | None = None
    instances: tuple[ContainerInstance, ...] = ()
    managed_draining: bool = False
    """Whether a capacity provider of the cluster drains the group's instances itself."""
    is_managed_instance: bool = False
    """Whether ECS itself launches, patches, drains and terminates the instance (ECS Managed Instances)."""
    notices: tuple[str, ...] = ()

    @property
    def in_service(self) -> tuple[ContainerInstance, ...]:
        """The container instances that may hold tasks."""
        return tuple(instance for instance in self.instances if instance.status in IN_CLUSTER)

    @property
    def metadata(self) -> str | None:
        """The hook's NotificationMetadata, for actions whose event was lost."""
        return self.hook.notification_metadata if self.hook else None

    def containers(self) -> dict[str, tuple[str, ...]]:
        """Return the ARNs of the container instances that may hold tasks, by cluster."""
        clusters = dict.fromkeys(instance.cluster for instance in self.in_service)
        return {c: tuple(i.arn for i in self.in_service if i.cluster == c) for c in clusters}

    def is_action_over(self, instance_id: str) -> bool:
        """Whether Auto Scaling no longer holds the instance: it is gone, in service again, or let go already.

        An instance that is not listed has left its group; a group that is not found was deleted with it.
        """
        return self.group is None or self.group.states.get(instance_id, "") not in HELD
