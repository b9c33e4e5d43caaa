"""What sets functions in motion, as resources of a stack: rules of EventBridge and mappings of queues."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from embedded_aws.cloudformation.resource import Properties, Resource, tags


class Rule(Resource):
    """A rule of EventBridge, with its targets."""

    kind = "AWS::Events::Rule"
    name_property = "Name"
    replaced_by = ("EventBusName",)
    attributes = ("Arn",)

    def make(self) -> str:
        """Put it and its targets; Ref gives its name."""
        self._put({})
        return self.name

    def change(self, old: Properties) -> None:
        """Put it again; targets that the template has no more go."""
        self._put(old)

    def remove(self) -> None:
        """Delete it, its targets first: EventBridge keeps a rule that has any."""
        before, self.properties = self.properties, {**self.properties, "Targets": []}
        with suppress(ClientError):  # a rule that somebody deleted has no targets
            self._forget_targets(before)
        self.properties = before
        self.api("events").delete_rule(Name=self.name, **self.given("EventBusName"))

    def get_cfn_attribute(self, name: str) -> str:
        """Return its Arn."""
        del name
        return self._arn

    def _put(self, old: Properties) -> None:
        events, bus = self.api("events"), self.given("EventBusName")
        settings = self.given("Description", "ScheduleExpression", "RoleArn", "State")
        if "EventPattern" in self.properties:
            settings["EventPattern"] = json.dumps(self.properties["EventPattern"])
        made = events.put_rule(Name=self.name, Tags=tags(self.properties), **settings, **bus)
        self._arn = str(made["RuleArn"])
        self._forget_targets(old)
        targets = [_with_numbers(target) for target in self.properties.get("Targets", [])]
        if targets:
            answer = events.put_targets(Rule=self.name, Targets=targets, **bus)
            for failed in answer.get("FailedEntries", []):
                raise ValueError(f"Target {failed['TargetId']}: {failed['ErrorMessage']}")

    def _forget_targets(self, old: Properties) -> None:
        kept = {target["Id"] for target in self.properties.get("Targets", [])}
        left = [target["Id"] for target in old.get("Targets", []) if target["Id"] not in kept]
        if left:
            self.api("events").remove_targets(Rule=self.name, Ids=left, **self.given("EventBusName"))


class EventSourceMapping(Resource):
    """What polls a queue for a function."""

    kind = "AWS::Lambda::EventSourceMapping"
    replaced_by = ("EventSourceArn",)
    attributes = ("Id", "EventSourceMappingArn")

    def make(self) -> str:
        """Create it; Ref gives its UUID."""
        made = self.api("lambda").create_event_source_mapping(
            EventSourceArn=self.properties["EventSourceArn"], **self._settings()
        )
        self._arn = str(made["EventSourceMappingArn"])
        return str(made["UUID"])

    def change(self, old: Properties) -> None:
        """Update it; what the template has no more goes back to its default."""
        defaults = {"ScalingConfig": {}, "FunctionResponseTypes": [], "MaximumBatchingWindowInSeconds": 0}
        gone = {name: default for name, default in defaults.items() if name in old}
        self.api("lambda").update_event_source_mapping(
            UUID=self.physical_resource_id, **{**gone, **self._settings()}
        )

    def remove(self) -> None:
        """Delete it; a deleted function may have taken it along."""
        with suppress(ClientError):
            self.api("lambda").delete_event_source_mapping(UUID=self.physical_resource_id)

    def get_cfn_attribute(self, name: str) -> str:
        """Return Id or EventSourceMappingArn."""
        return self._arn if name == "EventSourceMappingArn" else self.physical_resource_id

    def _settings(self) -> dict[str, Any]:
        settings = self.given("FunctionName", "FunctionResponseTypes")
        for name in ("BatchSize", "MaximumBatchingWindowInSeconds"):
            if name in self.properties:
                settings[name] = int(self.properties[name])
        if "Enabled" in self.properties:
            settings["Enabled"] = str(self.properties["Enabled"]).lower() == "true"
        if "FilterCriteria" in self.properties:
            settings["FilterCriteria"] = self.properties["FilterCriteria"]
        if "ScalingConfig" in self.properties:
            most = self.properties["ScalingConfig"]["MaximumConcurrency"]
            settings["ScalingConfig"] = {"MaximumConcurrency": int(most)}
        return settings


def _with_numbers(target: Properties) -> Properties:
    """Make numbers of what a template may write as text: parameters are text."""
    policy = {name: int(value) for name, value in target.get("RetryPolicy", {}).items()}
    return {**target, "RetryPolicy": policy} if policy else target
