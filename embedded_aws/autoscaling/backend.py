"""moto's Auto Scaling backend, its instances following the lifecycle instead of vanishing at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.autoscaling import urls
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import ASG_NAME_TAG, AutoScalingBackend

from embedded_aws.autoscaling import health, lifecycle, machines, warm_pool
from embedded_aws.autoscaling.activities import Activity, activities, open_activities
from embedded_aws.autoscaling.lifecycle_actions import call_off
from embedded_aws.autoscaling.members import Group, GroupInstance, member_of_any
from embedded_aws.autoscaling.refresh import forget_refreshes
from embedded_aws.requests import AwsError


class Backend(AutoScalingBackend):  # type: ignore[misc]  # moto ships no types
    """The groups of one account and Region."""

    @property
    def _url_module(self) -> Any:  # moto looks for it beside the class
        return urls

    def group(self, name: str) -> Group:
        """Return the group of the name; raises ValidationError."""
        if name not in self.autoscaling_groups:
            raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
        group: Group = self.autoscaling_groups[name]
        return group

    def member(self, instance_id: str) -> GroupInstance:
        """Return the instance as the member of its group; raises ValidationError."""
        member = member_of_any(self, instance_id)
        if member is None:
            raise ValidationError(
                f"Instance Id not found - No managed instance found for instance ID {instance_id}"
            )
        return member

    def create_auto_scaling_group(self, *args: Any, **kwargs: Any) -> Group:
        """Create a group, which then begins to launch its instances."""
        if kwargs["name"] in self.autoscaling_groups:
            message = f"AutoScalingGroup by this name already exists - {kwargs['name']}"
            raise AwsError("AlreadyExists", message)
        check_capacity(kwargs["min_size"], kwargs["max_size"], kwargs.get("desired_capacity"))
        group: Group = super().create_auto_scaling_group(*args, **kwargs)
        grace = kwargs.get("health_check_period")
        group.health_check_grace_period = int(grace or 0)  # the API's default, not moto's
        group.changed()
        return group

    def update_auto_scaling_group(self, name: str, *args: Any, **kwargs: Any) -> Group:
        """Change a group; the desired capacity follows the new minimum and maximum."""
        group = self.group(name)
        wanted = kwargs.get("desired_capacity")
        policy = kwargs.get("mixed_instances_policy") or group.mixed_instances_policy
        desired = group.desired_capacity if wanted is None else wanted
        least = group.min_size if kwargs.get("min_size") is None else kwargs["min_size"]
        most = group.max_size if kwargs.get("max_size") is None else kwargs["max_size"]
        check_capacity(least, most, wanted)
        super().update_auto_scaling_group(name, *args, **kwargs)
        group.mixed_instances_policy = policy  # moto drops it on each update
        group.desired_capacity = min(max(int(desired or 0), int(least or 0)), int(most or 0))
        group.changed()
        return group

    def set_desired_capacity(self, group_name: str, desired_capacity: int | None) -> None:
        """Set the number of instances, within the group's minimum and maximum, as a scaling policy does."""
        group = self.group(group_name)
        wanted = int(desired_capacity or 0)
        group.desired_capacity = min(max(wanted, int(group.min_size or 0)), int(group.max_size or 0))
        group.changed()

    def delete_auto_scaling_group(self, group_name: str) -> None:
        """Delete a group by force: its instances are terminated at once, without hooks (User Guide)."""
        group = self.group(group_name)
        group.deleted = True
        forget_refreshes(group)
        for member in group.members:
            lifecycle.terminate(member, "the group was deleted.", hooks=False)
        for hook in self.describe_lifecycle_hooks(group_name):
            self.delete_lifecycle_hook(group_name, hook.name)
        del self.autoscaling_groups[group_name]

    def describe_auto_scaling_instances(self, instance_ids: Sequence[str]) -> list[GroupInstance]:
        """Return the members of all groups and warm pools, or those asked for; unknown ids are left out."""
        members = [member for group in self.autoscaling_groups.values() for member in group.members]
        return [member for member in members if not instance_ids or member.instance_id in instance_ids]

    def terminate_instance(self, instance_id: str, should_decrement: bool) -> Activity:
        """Begin to terminate an instance, its replacement launched unless capacity shrinks with it.

        Raises ValidationError for an instance of a warm pool, unless it is retained there (API reference).
        """
        member = self.member(instance_id)
        group = member.group
        if member in group.warm_instances and not member.lifecycle_state.endswith("Retained"):
            raise ValidationError(
                f"The instance {instance_id} is in a warm pool and can't be terminated by this call"
            )
        if should_decrement and member.counts:
            shrink(group, 1)
        return self._terminate(member)

    def _terminate(self, member: GroupInstance) -> Activity:
        under_way = open_activities(member)
        if "Terminating" in member.lifecycle_state and under_way:
            return under_way[0]
        retained = member.lifecycle_state.endswith("Retained")
        lifecycle.terminate(
            member, "an instance was taken out of service in response to a user request.", hooks=not retained
        )
        member.group.changed()
        return next(one for one in activities() if one.member is member)

    def notify_terminate_instances(self, instance_ids: Sequence[str]) -> None:
        """Hear from EC2 that somebody terminated instances."""
        for instance_id in instance_ids:
            health.check(self, instance_id)  # hooks can't hold it, yet they run, too late

    def attach_instances(self, group_name: str, instance_ids: Sequence[str]) -> None:
        """Take running instances into the group; its desired capacity grows with them."""
        group = self.group(group_name)
        grown = int(group.desired_capacity or 0) + len(instance_ids)
        check_capacity(group.min_size, group.max_size, grown)
        for instance_id in instance_ids:
            member = GroupInstance(self.ec2_backend.get_instance(instance_id), group)
            group.take(member, "InService")
            self.ec2_backend.create_tags([instance_id], {ASG_NAME_TAG: group_name})
            machines.register(member)
        group.desired_capacity = grown
        group.changed()

    def detach_instances(
        self, group_name: str, instance_ids: Sequence[str], should_decrement: bool
    ) -> list[Any]:
        """Let instances leave the group and live on; no hook runs (User Guide, "Detach instances")."""
        group, members = self.group(group_name), [self.member(instance_id) for instance_id in instance_ids]
        for member in members:
            call_off(member)
            machines.deregister(member)
        detached: list[Any] = super().detach_instances(group_name, instance_ids, should_decrement)
        for member in members:
            group.drop(member)
        group.changed()
        return detached

    def enter_standby_instances(
        self, group_name: str, instance_ids: Sequence[str], should_decrement: bool
    ) -> list[Any]:
        """Put instances on standby; no hook runs (User Guide, "Temporarily remove instances")."""
        for instance_id in instance_ids:
            machines.deregister(self.member(instance_id))
        moved: list[Any] = super().enter_standby_instances(group_name, instance_ids, should_decrement)
        self.group(group_name).changed()
        return moved

    def exit_standby_instances(self, group_name: str, instance_ids: Sequence[str]) -> list[Any]:
        """Return instances to service; the desired capacity grows with them."""
        moved: list[Any] = super().exit_standby_instances(group_name, instance_ids)
        for instance_id in instance_ids:
            machines.register(self.member(instance_id))
        self.group(group_name).changed()
        return moved

    def resume_processes(self, group_name: str, scaling_processes: Sequence[str]) -> None:
        """Resume processes; what they missed is made up for."""
        super().resume_processes(group_name, scaling_processes)
        self.group(group_name).changed()

    def delete_warm_pool(self, group_name: str) -> None:
        """Delete the group's warm pool."""
        warm_pool.delete(self.group(group_name), force=False)


def check_capacity(least: Any, most: Any, desired: Any) -> None:
    """Raise ValidationError unless minimum <= desired <= maximum."""
    if int(least) > int(most):
        raise ValidationError(f"Max bound, {most}, must be greater than or equal to min bound, {least}")
    if desired is not None and not int(least) <= int(desired) <= int(most):
        raise ValidationError(
            f"Desired capacity:{desired} must be between the specified min size:{least} and max size:{most}"
        )


def shrink(group: Group, by: int) -> None:
    """Lower the desired capacity with the instances that leave; raises ValidationError below the minimum."""
    desired, least = int(group.desired_capacity or 0), int(group.min_size or 0)
    if desired - by < least:
        raise ValidationError(
            f"Currently, desiredSize equals minSize ({least}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or "
            "lower group's min size."
        )
    group.desired_capacity = desired - by
