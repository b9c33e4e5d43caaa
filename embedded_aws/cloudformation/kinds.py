"""The kinds of resources that CloudFormation makes here, each by its service's own API: see `Resource`."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from embedded_aws.clients import client
from embedded_aws.cloudformation.resource import Properties, Resource

ANSWERED = {"ReturnSubscriptionArn": True}
"""Subscribe answers `pending confirmation` without it."""


class Attributed(Resource):
    """A topic, a subscription, a queue: most of their properties are the API's `Attributes`, in text."""

    beside: tuple[str, ...] = ()
    """Properties that are none."""
    nothing: Any = ""
    """The value of an attribute that the template has no more."""

    def make(self) -> None:
        """Create it."""
        self.call(
            self.calls[1], {**self.properties, **self.named, **ANSWERED, "Attributes": self.changed({})}
        )

    def change(self, old: Properties) -> None:
        """Set the attributes that differ, one at a time."""
        for name, value in self.changed(old).items():
            self.call(self.calls[2], {**self.identity, "AttributeName": name, "AttributeValue": value})

    def changed(self, old: Properties) -> Properties:
        """Return the attributes that are not as they were."""
        names = {**old, **self.properties}.keys() - {"Tags", self.name_property, *self.beside}
        now = {name: self.properties.get(name, self.nothing) for name in sorted(names)}
        return {name: value for name, value in now.items() if old.get(name) != value}


class Topic(Attributed):
    """An SNS topic."""

    kind, calls = "AWS::SNS::Topic", ("sns", "create_topic", "set_topic_attributes", "delete_topic")
    name_property, name_parameter, key = "TopicName", "Name", "TopicArn"
    attributes: ClassVar = {"TopicArn": "{TopicArn}", "TopicName": "{Name}"}
    beside = ("Subscription",)

    def make(self) -> None:
        """Create it and its subscriptions."""
        super().make()
        for wanted in self.properties.get("Subscription", []):
            self.call("subscribe", {**self.identity, **wanted})


class Subscription(Attributed):
    """Who is told what a topic is told."""

    kind = "AWS::SNS::Subscription"
    calls = ("sns", "subscribe", "set_subscription_attributes", "unsubscribe")
    key, may_be_gone, nothing = "SubscriptionArn", True, {}
    replaced_by = ("TopicArn", "Protocol", "Endpoint")
    beside = (*replaced_by, "Region")


class Queue(Attributed):
    """An SQS queue."""

    kind, calls = "AWS::SQS::Queue", ("sqs", "create_queue", "set_queue_attributes", "delete_queue")
    name_property, key, replaced_by = "QueueName", "QueueUrl", ("FifoQueue",)
    attributes: ClassVar = {
        "Arn": "arn:aws:sqs:{region}:{account}:{QueueName}",
        "QueueName": "{QueueName}",
        "QueueUrl": "{QueueUrl}",
    }

    def change(self, old: Properties) -> None:
        """Set the attributes that the template has; its messages stay."""
        given = {name: value for name, value in self.changed(old).items() if name in self.properties}
        self.call(self.calls[2], {**self.identity, "Attributes": given})


class QueuePolicy(Resource):
    """Who may send to queues."""

    kind, calls = "AWS::SQS::QueuePolicy", ("sqs", "set_queue_attributes", "", "")
    places, place, replaced_by = "Queues", "QueueUrl", ("Queues",)

    def make(self) -> None:
        """Set it on each."""
        text = self.properties["PolicyDocument"]
        policy = {"Attributes": {"Policy": text}, "AttributeName": "Policy", "AttributeValue": text}
        for each in self.properties[self.places]:
            self.call(self.calls[1], {self.place: each, **policy})

    def delete(self, *_: str) -> None:
        """Take it off; the queue may have gone before."""
        self.properties = {**self.properties, "PolicyDocument": ""}
        with suppress(ClientError):
            self.make()


class TopicPolicy(QueuePolicy):
    """Who may publish to topics."""

    kind, calls = "AWS::SNS::TopicPolicy", ("sns", "set_topic_attributes", "", "")
    places, place, replaced_by = "Topics", "TopicArn", ("Topics",)

    def delete(self, *_: str) -> None:
        """Leave it: AWS has no topic without a policy, and the topic mostly goes next."""


class Rule(Resource):
    """A rule of EventBridge, with its targets."""

    kind, calls = "AWS::Events::Rule", ("events", "put_rule", "put_rule", "delete_rule")
    name_property = key = "Name"
    replaced_by = ("EventBusName",)
    attributes: ClassVar = {"Arn": "{RuleArn}"}

    def make(self) -> None:
        """Put it and its targets."""
        self.change({})

    def change(self, old: Properties) -> None:
        """Put it again; targets that the template has no more go."""
        self.call("put_rule", {**self.properties, **self.named})
        self._forget_targets(old)
        if self.properties.get("Targets"):
            for failed in self.call("put_targets", self._targets())["FailedEntries"]:
                raise ValueError(f"Target {failed['TargetId']}: {failed['ErrorMessage']}")

    def delete(self, *_: str) -> None:
        """Delete it, its targets first: EventBridge keeps a rule that has any."""
        old, self.properties = self.properties, {**self.properties, "Targets": []}
        with suppress(ClientError):  # a rule that somebody deleted has no targets
            self._forget_targets(old)
        self.call("delete_rule", {**old, **self.identity})

    def _targets(self) -> Properties:
        return {**self.properties, "Rule": self.name}

    def _forget_targets(self, old: Properties) -> None:
        kept = {target["Id"] for target in self.properties.get("Targets", [])}
        left = [target["Id"] for target in old.get("Targets", []) if target["Id"] not in kept]
        if left:
            self.call("remove_targets", {**self._targets(), "Ids": left})


class EventSourceMapping(Resource):
    """What polls a queue for a function."""

    kind = "AWS::Lambda::EventSourceMapping"
    calls = (
        "lambda",
        "create_event_source_mapping",
        "update_event_source_mapping",
        "delete_event_source_mapping",
    )
    key, may_be_gone, replaced_by = "UUID", True, ("EventSourceArn",)
    attributes: ClassVar = {"Id": "{UUID}", "EventSourceMappingArn": "{EventSourceMappingArn}"}

    def change(self, old: Properties) -> None:
        """Update it; what the template has no more goes back to its default."""
        defaults = {"ScalingConfig": {}, "FunctionResponseTypes": [], "MaximumBatchingWindowInSeconds": 0}
        gone = {name: default for name, default in defaults.items() if name in old}
        self.call(self.calls[2], {**gone, **self.properties, **self.identity})


class EventInvokeConfig(Resource):
    """How often and how long Lambda tries an asynchronous event, and where it reports one that failed."""

    kind = "AWS::Lambda::EventInvokeConfig"
    put = "put_function_event_invoke_config"
    calls = ("lambda", put, put, "delete_function_event_invoke_config")
    replaced_by, may_be_gone = ("FunctionName", "Qualifier"), True

    def call(self, operation: str, given: Properties) -> Any:
        """Leave the qualifier out: moto looks functions up by their bare ARN."""
        bare = {name: value for name, value in given.items() if name != "Qualifier"}
        return super().call(operation, {**bare, "FunctionName": self.properties["FunctionName"]})


class Permission(Resource):
    """Who may invoke a function."""

    kind, calls = "AWS::Lambda::Permission", ("lambda", "add_permission", "", "remove_permission")
    name_parameter = key = "StatementId"
    replaced_by = ("FunctionName", "Action", "Principal", "SourceArn", "SourceAccount")
    may_be_gone = True

    @property
    def identity(self) -> Properties:
        """By what the API finds it."""
        return {"FunctionName": self.properties["FunctionName"], "StatementId": self.name}


class StateMachine(Resource):
    """Made in the Step Functions that executes, with its substitutions; moto's own goes to the one that doesn't."""

    kind = "AWS::StepFunctions::StateMachine"
    calls = ("stepfunctions", "create_state_machine", "update_state_machine", "delete_state_machine")
    name_property, name_parameter, key = "StateMachineName", "name", "stateMachineArn"
    replaced_by = ("StateMachineType",)
    attributes: ClassVar = {"Arn": "{stateMachineArn}", "Name": "{name}"}

    def call(self, operation: str, given: Properties) -> Any:
        """Put the definition together; executions that run go on with the one they began with."""
        if "RoleArn" in given:
            kind = given.get("StateMachineType", "STANDARD")
            given = {**given, "Definition": self._definition(), "Type": kind}
        return super().call(operation, given)

    def _definition(self) -> str:
        text = self.properties.get("DefinitionString") or json.dumps(self.properties.get("Definition"))
        if text == "null":
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
        stored = client("s3", self.region).get_object(
            Bucket=location["Bucket"], Key=location["Key"], **version
        )
        return str(stored["Body"].read().decode())


class Table(Resource):
    """A DynamoDB table; its items outlive every change that is no replacement."""

    kind, calls = "AWS::DynamoDB::Table", ("dynamodb", "create_table", "update_table", "delete_table")
    name_property = key = "TableName"
    replaced_by = ("KeySchema", "LocalSecondaryIndexes")
    attributes: ClassVar = {"Arn": "{TableArn}", "StreamArn": "{LatestStreamArn}"}

    def call(self, operation: str, given: Properties) -> Any:
        """Say `Enabled` of its encryption, which CloudFormation alone calls `SSEEnabled`."""
        if encryption := given.get("SSESpecification"):
            plain = {name.replace("SSEEnabled", "Enabled"): value for name, value in encryption.items()}
            given = {**given, "SSESpecification": plain}
        return super().call(operation, given)

    def make(self) -> None:
        """Create it."""
        super().make()
        self._set_beside({})

    def change(self, old: Properties) -> None:
        """Update what differs; an index is made or deleted while the items stay."""
        named = (
            *("AttributeDefinitions", "BillingMode", "DeletionProtectionEnabled", "ProvisionedThroughput"),
            "SSESpecification",
        )
        given = {name: self.properties[name] for name in named if name in self.properties}
        differing = {name: value for name, value in given.items() if old.get(name) != value}
        indexes = self._index_updates(old)
        if indexes:
            definitions = self.properties["AttributeDefinitions"]
            differing |= {"GlobalSecondaryIndexUpdates": indexes, "AttributeDefinitions": definitions}
        if differing:
            self.call("update_table", {**differing, **self.identity})
        self._set_beside(old)

    def _index_updates(self, old: Properties) -> list[dict[str, Any]]:
        """Return what UpdateTable is to do; DynamoDB makes or deletes one index at a time, whoever asks."""
        before, now = (_by("IndexName", each, "GlobalSecondaryIndexes") for each in (old, self.properties))
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
                self.call(operation, {**self.identity, name: value})


def _by(key: str, properties: Properties, name: str) -> dict[str, Any]:
    """Return a list of the properties as a mapping by one of their keys."""
    return {each[key]: each for each in properties.get(name, [])}


class LogGroup(Resource):
    """A log group of CloudWatch Logs."""

    kind, calls = "AWS::Logs::LogGroup", ("logs", "create_log_group", "", "delete_log_group")
    name_property = key = "LogGroupName"
    attributes: ClassVar = {"Arn": "arn:aws:logs:{region}:{account}:log-group:{logGroupName}:*"}

    def make(self) -> None:
        """Create it."""
        super().make()
        self.change({})

    def change(self, old: Properties) -> None:
        """Set how long it keeps its events, and the key that encrypts them."""
        for name, put, take in (
            ("RetentionInDays", "put_retention_policy", "delete_retention_policy"),
            ("KmsKeyId", "associate_kms_key", "disassociate_kms_key"),
        ):
            if name in self.properties:
                self.call(put, {**self.properties, **self.identity})
            elif name in old:
                self.call(take, self.identity)


class Role(Resource):
    """An IAM role with its inline policies."""

    kind, calls = "AWS::IAM::Role", ("iam", "create_role", "update_assume_role_policy", "delete_role")
    name_property = key = "RoleName"
    replaced_by = ("Path",)
    attributes: ClassVar = {"Arn": "{Arn}", "RoleId": "{RoleId}"}

    def make(self) -> None:
        """Create it."""
        super().make()
        self._set_policies({})

    def change(self, old: Properties) -> None:
        """Set who may assume it and what it may do."""
        trust = self.properties["AssumeRolePolicyDocument"]
        self.call(self.calls[2], {**self.identity, "PolicyDocument": trust})
        self._set_policies(old)

    def delete(self, *_: str) -> None:
        """Delete it with its policies."""
        old, self.properties = self.properties, {}
        self._set_policies(old)
        super().delete()

    def _set_policies(self, old: Properties) -> None:
        before, now = (_by("PolicyName", each, "Policies") for each in (old, self.properties))
        for name in before.keys() - now.keys():
            self.call("delete_role_policy", {**self.identity, "PolicyName": name})
        for policy in now.values():
            self.call("put_role_policy", {**self.identity, **policy})
        attached, wanted = (set(each.get("ManagedPolicyArns", [])) for each in (old, self.properties))
        for arn in attached ^ wanted:
            operation = "attach_role_policy" if arn in wanted else "detach_role_policy"
            self.call(operation, {**self.identity, "PolicyArn": arn})


class Service(Resource):
    """A service of ECS, which here doesn't wait to be steady."""

    kind, calls = "AWS::ECS::Service", ("ecs", "create_service", "update_service", "delete_service")
    name_property, key = "ServiceName", "serviceArn"
    replaced_by = ("Cluster", "LaunchType", "SchedulingStrategy")
    attributes: ClassVar = {"Name": "{serviceName}", "ServiceArn": "{serviceArn}"}

    @property
    def identity(self) -> Properties:
        """By what the API finds it; whatever runs is stopped with it."""
        cluster = self.properties.get("Cluster", "default")
        return {"cluster": cluster, "service": self.physical_resource_id, "force": True}


class Alarm(Resource):
    """A CloudWatch alarm on a metric."""

    kind = "AWS::CloudWatch::Alarm"
    calls = ("cloudwatch", "put_metric_alarm", "put_metric_alarm", "delete_alarms")
    name_property = key = "AlarmName"
    attributes: ClassVar = {"Arn": "arn:aws:cloudwatch:{region}:{account}:alarm:{AlarmName}"}


class Dashboard(Resource):
    """A CloudWatch dashboard."""

    kind = "AWS::CloudWatch::Dashboard"
    calls = ("cloudwatch", "put_dashboard", "put_dashboard", "delete_dashboards")
    name_property, key, may_be_gone = "DashboardName", "DashboardName", True


class LifecycleHook(Resource):
    """A lifecycle hook of an Auto Scaling group."""

    kind = "AWS::AutoScaling::LifecycleHook"
    calls = ("autoscaling", "put_lifecycle_hook", "put_lifecycle_hook", "delete_lifecycle_hook")
    name_property, key, may_be_gone = "LifecycleHookName", "LifecycleHookName", True
    replaced_by = ("AutoScalingGroupName",)

    @property
    def identity(self) -> Properties:
        """By what the API finds it."""
        group = self.properties["AutoScalingGroupName"]
        return {"AutoScalingGroupName": group, "LifecycleHookName": self.physical_resource_id}


class Metadata(Resource):
    """What the CDK says of the constructs in a stack: a resource that makes nothing."""

    kind, calls = "AWS::CDK::Metadata", ("cloudformation", "", "", "")

    def make(self) -> None:
        """Make nothing."""

    def delete(self, *_: str) -> None:
        """Delete nothing."""
