"""Tables, log groups, roles, alarms and dashboards, as resources of a stack."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from embedded_aws.cloudformation.resource import Properties, Resource, tags

TABLE_PROPERTIES = (
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
    "StreamSpecification",
)
ALARM_NUMBERS = ("Period", "EvaluationPeriods", "DatapointsToAlarm")


class Table(Resource):
    """A DynamoDB table; its items outlive every change that is no replacement."""

    kind = "AWS::DynamoDB::Table"
    name_property = "TableName"
    replaced_by = ("KeySchema", "LocalSecondaryIndexes")
    attributes = ("Arn", "StreamArn")

    def make(self) -> str:
        """Create it; Ref gives its name."""
        made = self.api("dynamodb").create_table(
            TableName=self.name, Tags=tags(self.properties), **self.given(*TABLE_PROPERTIES)
        )
        self._arn = str(made["TableDescription"]["TableArn"])
        self._set_beside({})
        return self.name

    def change(self, old: Properties) -> None:
        """Update what differs; an index is made or deleted while the items stay."""
        named = ("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput")
        differing = {key: value for key, value in self.given(*named).items() if old.get(key) != value}
        indexes = self._index_updates(old)
        if indexes:
            definitions = self.properties["AttributeDefinitions"]
            differing |= {"GlobalSecondaryIndexUpdates": indexes, "AttributeDefinitions": definitions}
        if differing:
            self.api("dynamodb").update_table(TableName=self.name, **differing)
        self._set_beside(old)

    def remove(self) -> None:
        """Delete it and its items; refused while it is protected."""
        self.api("dynamodb").delete_table(TableName=self.name)

    def get_cfn_attribute(self, name: str) -> str:
        """Return Arn or StreamArn."""
        if name == "Arn":
            return self._arn
        return str(self.api("dynamodb").describe_table(TableName=self.name)["Table"]["LatestStreamArn"])

    def _index_updates(self, old: Properties) -> list[dict[str, Any]]:
        """Return what UpdateTable is to do; DynamoDB makes or deletes one index at a time, whoever asks."""
        before, now = _indexes(old), _indexes(self.properties)
        updates = [{"Delete": {"IndexName": name}} for name in before if before[name] != now.get(name)]
        updates += [{"Create": index} for name, index in now.items() if before.get(name) != index]
        if len(updates) > 1:
            raise ValueError("Cannot perform more than one GSI creation or deletion in a single update")
        return updates

    def _set_beside(self, old: Properties) -> None:
        for name, operation in (
            ("TimeToLiveSpecification", "update_time_to_live"),
            ("PointInTimeRecoverySpecification", "update_continuous_backups"),
        ):
            value = self.properties.get(name)
            if value is not None and value != old.get(name):
                getattr(self.api("dynamodb"), operation)(TableName=self.name, **{name: value})


def _indexes(properties: Properties) -> dict[str, Any]:
    return {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes", [])}


class LogGroup(Resource):
    """A log group of CloudWatch Logs."""

    kind = "AWS::Logs::LogGroup"
    name_property = "LogGroupName"
    attributes = ("Arn",)

    def make(self) -> str:
        """Create it; Ref gives its name."""
        names = {tag["Key"]: tag["Value"] for tag in self.properties.get("Tags", [])}
        self.api("logs").create_log_group(logGroupName=self.name, tags=names)
        self.change({})
        return self.name

    def change(self, old: Properties) -> None:
        """Set how long it keeps its events."""
        days = self.properties.get("RetentionInDays")
        if days is not None:
            self.api("logs").put_retention_policy(logGroupName=self.name, retentionInDays=int(days))
        elif "RetentionInDays" in old:
            self.api("logs").delete_retention_policy(logGroupName=self.name)

    def remove(self) -> None:
        """Delete it and its events."""
        self.api("logs").delete_log_group(logGroupName=self.name)

    def get_cfn_attribute(self, name: str) -> str:
        """Return its Arn, which ends in `:*`."""
        del name
        found = self.api("logs").describe_log_groups(logGroupNamePrefix=self.name)["logGroups"]
        return str(next(group["arn"] for group in found if group["logGroupName"] == self.name))


class Role(Resource):
    """An IAM role with its inline policies."""

    kind = "AWS::IAM::Role"
    name_property = "RoleName"
    replaced_by = ("Path",)
    attributes = ("Arn", "RoleId")

    def make(self) -> str:
        """Create it; Ref gives its name."""
        more = self.given("Path", "Description", "PermissionsBoundary")
        made = self.api("iam").create_role(
            RoleName=self.name,
            AssumeRolePolicyDocument=json.dumps(self.properties["AssumeRolePolicyDocument"]),
            Tags=tags(self.properties),
            **more,
        )
        self._role = made["Role"]
        self._set_policies({})
        return self.name

    def change(self, old: Properties) -> None:
        """Set who may assume it and what it may do."""
        trust = json.dumps(self.properties["AssumeRolePolicyDocument"])
        self.api("iam").update_assume_role_policy(RoleName=self.name, PolicyDocument=trust)
        self._set_policies(old)

    def remove(self) -> None:
        """Delete it with its policies."""
        before, self.properties = self.properties, {}
        self._set_policies(before)
        self.api("iam").delete_role(RoleName=self.name)
        self.properties = before

    def get_cfn_attribute(self, name: str) -> str:
        """Return Arn or RoleId."""
        return str(self._role[name])

    def _set_policies(self, old: Properties) -> None:
        iam, policies = self.api("iam"), _by_name(self.properties)
        for name in _by_name(old).keys() - policies.keys():
            iam.delete_role_policy(RoleName=self.name, PolicyName=name)
        for name, document in policies.items():
            iam.put_role_policy(RoleName=self.name, PolicyName=name, PolicyDocument=json.dumps(document))
        before, now = set(old.get("ManagedPolicyArns", [])), set(self.properties.get("ManagedPolicyArns", []))
        for arn in before - now:
            iam.detach_role_policy(RoleName=self.name, PolicyArn=arn)
        for arn in now - before:
            iam.attach_role_policy(RoleName=self.name, PolicyArn=arn)


def _by_name(properties: Properties) -> dict[str, Any]:
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies", [])}


class Alarm(Resource):
    """A CloudWatch alarm on a metric."""

    kind = "AWS::CloudWatch::Alarm"
    name_property = "AlarmName"
    attributes = ("Arn",)

    def make(self) -> str:
        """Put it; Ref gives its name."""
        self.change({})
        return self.name

    def change(self, old: Properties) -> None:
        """Put it again."""
        del old
        settings = {
            name: value for name, value in self.properties.items() if name not in ("AlarmName", "Tags")
        }
        numbers = {name: int(settings[name]) for name in ALARM_NUMBERS if name in settings}
        threshold = {"Threshold": float(settings["Threshold"])} if "Threshold" in settings else {}
        self.api("cloudwatch").put_metric_alarm(
            AlarmName=self.name, Tags=tags(self.properties), **{**settings, **numbers, **threshold}
        )

    def remove(self) -> None:
        """Delete it."""
        self.api("cloudwatch").delete_alarms(AlarmNames=[self.name])

    def get_cfn_attribute(self, name: str) -> str:
        """Return its Arn."""
        del name
        found = self.api("cloudwatch").describe_alarms(AlarmNames=[self.name])
        return str(found["MetricAlarms"][0]["AlarmArn"])


class Dashboard(Resource):
    """A CloudWatch dashboard."""

    kind = "AWS::CloudWatch::Dashboard"
    name_property = "DashboardName"

    def make(self) -> str:
        """Put it; Ref gives its name."""
        self.change({})
        return self.name

    def change(self, old: Properties) -> None:
        """Put it again; refused unless the body is JSON."""
        del old
        body = self.properties["DashboardBody"]
        json.loads(body)
        self.api("cloudwatch").put_dashboard(DashboardName=self.name, DashboardBody=body)

    def remove(self) -> None:
        """Delete it."""
        with suppress(ClientError):
            self.api("cloudwatch").delete_dashboards(DashboardNames=[self.name])
