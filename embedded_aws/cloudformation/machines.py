"""State machines and the settings of functions, as resources of a stack."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from embedded_aws.cloudformation.resource import Properties, Resource, tags


class StateMachine(Resource):
    """Made in the Step Functions that executes, with its substitutions; moto's own goes to the one that doesn't."""

    kind = "AWS::StepFunctions::StateMachine"
    name_property = "StateMachineName"
    replaced_by = ("StateMachineType",)
    attributes = ("Arn", "Name")

    def make(self) -> str:
        """Create it; Ref gives its ARN."""
        machine = self.api("stepfunctions").create_state_machine(
            name=self.name,
            type=self.properties.get("StateMachineType", "STANDARD"),
            tags=tags(self.properties, "key", "value"),
            **self._settings(),
        )
        return str(machine["stateMachineArn"])

    def change(self, old: Properties) -> None:
        """Update it; executions that run go on with the definition they began with."""
        del old
        self.api("stepfunctions").update_state_machine(
            stateMachineArn=self.physical_resource_id, **self._settings()
        )

    def remove(self) -> None:
        """Delete it."""
        self.api("stepfunctions").delete_state_machine(stateMachineArn=self.physical_resource_id)

    def get_cfn_attribute(self, name: str) -> str:
        """Return Arn or Name."""
        return self.physical_resource_id if name == "Arn" else self.name

    def _settings(self) -> dict[str, Any]:
        settings = {"definition": self._definition(), "roleArn": self.properties["RoleArn"]}
        if "LoggingConfiguration" in self.properties:
            settings["loggingConfiguration"] = _lower_camel(self.properties["LoggingConfiguration"])
        if "TracingConfiguration" in self.properties:
            settings["tracingConfiguration"] = _lower_camel(self.properties["TracingConfiguration"])
        return settings

    def _definition(self) -> str:
        text = self.properties.get("DefinitionString")
        if text is None and "Definition" in self.properties:
            text = json.dumps(self.properties["Definition"])
        if text is None:
            text = self._from_s3(self.properties.get("DefinitionS3Location"))
        values = self.properties.get("DefinitionSubstitutions", {})
        return re.sub(r"\$\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), text)

    def _from_s3(self, location: Any) -> str:
        """Read the definition from where `aws cloudformation package` has put it."""
        if not isinstance(location, dict):
            raise ValueError(
                "Property validation failure: one of DefinitionString, Definition and DefinitionS3Location "
                f"(Bucket and Key) must be given, not {location!r}"
            )
        version = {"VersionId": location["Version"]} if "Version" in location else {}
        stored = self.api("s3").get_object(Bucket=location["Bucket"], Key=location["Key"], **version)
        return str(stored["Body"].read().decode())


def _lower_camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[0].lower() + name[1:]: _lower_camel(inner) for name, inner in value.items()}
    return [_lower_camel(inner) for inner in value] if isinstance(value, list) else value


class EventInvokeConfig(Resource):
    """How often and how long Lambda tries an asynchronous event, and where it reports one that failed."""

    kind = "AWS::Lambda::EventInvokeConfig"
    replaced_by = ("FunctionName", "Qualifier")

    def make(self) -> str:
        """Put it; Ref gives a name of CloudFormation's own."""
        self.change({})
        return self.name

    def change(self, old: Properties) -> None:
        """Put it: what the template leaves out is Lambda's default again."""
        del old
        settings = self.given("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
        numbers = {name: int(settings[name]) for name in settings if name.startswith("Maximum")}
        self.api("lambda").put_function_event_invoke_config(**self._function(), **{**settings, **numbers})

    def remove(self) -> None:
        """Delete it; the function may have gone before."""
        with suppress(ClientError):
            self.api("lambda").delete_function_event_invoke_config(**self._function())

    def _function(self) -> dict[str, str]:
        # moto looks functions up by their bare ARN, whatever the qualifier.
        return {"FunctionName": self.properties["FunctionName"]}


class Permission(Resource):
    """Who may invoke a function."""

    kind = "AWS::Lambda::Permission"
    replaced_by = ("FunctionName", "Action", "Principal", "SourceArn", "SourceAccount")

    def make(self) -> str:
        """Add the statement; Ref gives its id."""
        more = self.given("Action", "Principal", "SourceArn", "SourceAccount", "FunctionName")
        self.api("lambda").add_permission(StatementId=self.name, **more)
        return self.name

    def remove(self) -> None:
        """Take the statement away; the function may have gone before."""
        with suppress(ClientError):
            self.api("lambda").remove_permission(
                FunctionName=self.properties["FunctionName"], StatementId=self.name
            )
