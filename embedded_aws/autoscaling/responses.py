"""The operations of Auto Scaling's API that moto lacks, or answers without following the lifecycle."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from embedded_aws.autoscaling import activities, health, hooks, lifecycle_actions, refresh, warm_pool
from embedded_aws.autoscaling.backend import Backend, check_capacity
from embedded_aws.autoscaling.notification_targets import send_test_message
from embedded_aws.requests import AwsError

INSTANCES_A_PAGE = 50
"""API, DescribeAutoScalingInstances: ids in a request, and instances in an answer."""


class Response(AutoScalingResponse):  # type: ignore[misc]  # moto ships no types
    """One request; moto finds the method by the operation's name."""

    @property
    def _backend(self) -> Backend:
        backend: Backend = self.autoscaling_backend
        return backend

    def _group(self) -> Any:
        return self._backend.group(self.params["AutoScalingGroupName"])

    def create_auto_scaling_group(self) -> ActionResult:
        """Create a group, its lifecycle hooks and its instance lifecycle policy with it."""
        answer = super().create_auto_scaling_group()
        group = self._group()
        group.instance_lifecycle_policy = self.params.get("InstanceLifecyclePolicy")
        for hook in self.params.get("LifecycleHookSpecificationList", []):
            self._put_hook({**hook, "AutoScalingGroupName": group.name})
        return answer

    def update_auto_scaling_group(self) -> ActionResult:
        """Change a group, what moto leaves out included."""
        group = self._group()
        policy = self.params.get("InstanceLifecyclePolicy")
        group.instance_lifecycle_policy = policy or group.instance_lifecycle_policy
        group.capacity_rebalance = self.params.get("CapacityRebalance", group.capacity_rebalance)
        return super().update_auto_scaling_group()

    def delete_auto_scaling_group(self) -> ActionResult:
        """Delete a group; one that has instances only by force."""
        if self._group().members and not self.params.get("ForceDelete"):
            raise AwsError(
                "ResourceInUse",
                "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance "
                "request(s) still in the group.",
            )
        return super().delete_auto_scaling_group()

    def set_desired_capacity(self) -> ActionResult:
        """Set the desired capacity; outside of minimum and maximum it is refused."""
        group, desired = self._group(), self.params["DesiredCapacity"]
        check_capacity(group.min_size, group.max_size, desired)
        return super().set_desired_capacity()

    def set_instance_health(self) -> ActionResult:
        """Mark an instance healthy or not."""
        health.set_health(self._backend, self.params)
        return EmptyResult()

    def terminate_instance_in_auto_scaling_group(self) -> ActionResult:
        """Terminate one instance, or several of one group."""
        decrement = self.params["ShouldDecrementDesiredCapacity"]
        if "InstanceId" in self.params:
            activity = self._backend.terminate_instance(self.params["InstanceId"], decrement)
            return ActionResult({"Activity": activity})
        ids = self.params.get("InstanceIds") or []
        if not ids or any(self._backend.member(one).group is not self._group() for one in ids):
            raise ValidationError("The request must name an instance, or instances of the group it names")
        return ActionResult({"Activities": [self._backend.terminate_instance(one, decrement) for one in ids]})

    def set_instance_protection(self) -> ActionResult:
        """Protect instances from scale-in, or no longer."""
        answer = super().set_instance_protection()
        self._group().changed()
        return answer

    def describe_scaling_activities(self) -> ActionResult:
        """Tell what was launched and terminated, newest first."""
        wanted = self.params.get("AutoScalingGroupName"), self.params.get("ActivityIds")
        told = [
            activity
            for activity in activities.activities()
            if wanted[0] in (None, activity.auto_scaling_group_name)
            and (not wanted[1] or activity.activity_id in wanted[1])
        ]
        return ActionResult({"Activities": told[: self.params.get("MaxRecords", 100)]})

    def describe_auto_scaling_instances(self) -> ActionResult:
        """Tell the members of groups and warm pools, a page at a time; unknown ids are left out."""
        ids = self.params.get("InstanceIds", [])
        if len(ids) > INSTANCES_A_PAGE:
            raise ValidationError(f"The number of instance ids is limited to {INSTANCES_A_PAGE}")
        members = self._backend.describe_auto_scaling_instances(ids)
        start = int(self.params.get("NextToken", 0))
        end = start + self.params.get("MaxRecords", INSTANCES_A_PAGE)
        token = str(end) if end < len(members) else None
        return ActionResult({"AutoScalingInstances": members[start:end], "NextToken": token})

    def put_lifecycle_hook(self) -> ActionResult:
        """Create or change a lifecycle hook."""
        self._put_hook(self.params)
        return EmptyResult()

    def _put_hook(self, request: dict[str, Any]) -> None:
        hook = hooks.changed_hook(self._backend, request)
        group = self._backend.group(hook.auto_scaling_group_name)
        send_test_message(hook, group)  # a hook whose target can't be reached is not put
        self._backend.lifecycle_hooks[f"{group.name}_{hook.name}"] = hook

    def delete_lifecycle_hook(self) -> ActionResult:
        """Delete a lifecycle hook, what it still asks of somebody completed."""
        name = self.params["LifecycleHookName"]
        for hook in self._backend.describe_lifecycle_hooks(self.params["AutoScalingGroupName"], [name]):
            lifecycle_actions.finish_all_of(hook)
        return super().delete_lifecycle_hook()

    def describe_lifecycle_hook_types(self) -> ActionResult:
        """Name the two transitions that hooks exist for."""
        return ActionResult({"LifecycleHookTypes": [hooks.LAUNCHING, hooks.TERMINATING]})

    def complete_lifecycle_action(self) -> ActionResult:
        """End a lifecycle action with CONTINUE or ABANDON; raises ValidationError where none is open."""
        result = self.params["LifecycleActionResult"]
        if result not in (lifecycle_actions.CONTINUE, lifecycle_actions.ABANDON):
            raise ValidationError(f"The lifecycle action result {result} is neither CONTINUE nor ABANDON")
        waiting, action = lifecycle_actions.find(self.params)
        waiting.complete(action, result)
        return ActionResult({})

    def record_lifecycle_action_heartbeat(self) -> ActionResult:
        """Start a lifecycle action's heartbeat timeout anew; raises ValidationError where none is open."""
        waiting, action = lifecycle_actions.find(self.params)
        waiting.beat(action)
        return ActionResult({})

    def put_warm_pool(self) -> ActionResult:
        """Create or change the group's warm pool."""
        warm_pool.put(self._group(), self.params)
        return ActionResult({})

    def describe_warm_pool(self) -> ActionResult:
        """Tell the warm pool and its instances."""
        group = self._group()
        return ActionResult({"WarmPoolConfiguration": group.warm_pool, "Instances": group.warm_instances})

    def delete_warm_pool(self) -> ActionResult:
        """Delete the warm pool, by force without hooks."""
        warm_pool.delete(self._group(), bool(self.params.get("ForceDelete")))
        return ActionResult({})

    def start_instance_refresh(self) -> ActionResult:
        """Begin an instance refresh."""
        begun = refresh.start(self._group(), self.params)
        return ActionResult({"InstanceRefreshId": begun.instance_refresh_id})

    def cancel_instance_refresh(self) -> ActionResult:
        """Cancel the instance refresh under way."""
        cancelled = refresh.cancel(self._group())
        return ActionResult({"InstanceRefreshId": cancelled.instance_refresh_id})

    def describe_instance_refreshes(self) -> ActionResult:
        """Tell the group's instance refreshes, newest first."""
        group, ids = self._group(), self.params.get("InstanceRefreshIds")
        told = [one for one in refresh.refreshes() if one.group is group]
        return ActionResult(
            {"InstanceRefreshes": [one for one in told if not ids or one.instance_refresh_id in ids]}
        )
