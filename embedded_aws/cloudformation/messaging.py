"""Topics, queues and the ledger's table, as resources of a stack: changed in place, with what they hold."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from embedded_aws.cloudformation.resource import Properties, Resource, tags

QUEUE_PROPERTIES = (
    "DelaySeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


def _text(value: Any) -> str:
    """Write a property as the attributes of SNS and SQS have it: JSON, but for text."""
    return value if isinstance(value, str) else json.dumps(value)


class Topic(Resource):
    """An SNS topic."""

    kind = "AWS::SNS::Topic"
    name_property = "TopicName"
    attributes = ("TopicArn", "TopicName")

    def make(self) -> str:
        """Create it; Ref gives its ARN."""
        attributes = {
            name: _text(value) for name, value in self.given("DisplayName", "KmsMasterKeyId").items()
        }
        topic = self.api("sns").create_topic(
            Name=self.name, Attributes=attributes, Tags=tags(self.properties)
        )
        for wanted in self.properties.get("Subscription", []):
            self.api("sns").subscribe(TopicArn=topic["TopicArn"], **wanted)
        return str(topic["TopicArn"])

    def change(self, old: Properties) -> None:
        """Set its attributes; its subscriptions stay."""
        for name in ("DisplayName", "KmsMasterKeyId"):
            if self.properties.get(name) != old.get(name):
                self.api("sns").set_topic_attributes(
                    TopicArn=self.physical_resource_id,
                    AttributeName=name,
                    AttributeValue=_text(self.properties.get(name, "")),
                )

    def remove(self) -> None:
        """Delete it and its subscriptions."""
        self.api("sns").delete_topic(TopicArn=self.physical_resource_id)

    def get_cfn_attribute(self, name: str) -> str:
        """Return TopicArn or TopicName."""
        return self.physical_resource_id if name == "TopicArn" else self.name


class TopicPolicy(Resource):
    """Who may publish to topics."""

    kind = "AWS::SNS::TopicPolicy"
    replaced_by = ("Topics",)

    def make(self) -> str:
        """Set it; Ref gives a name of CloudFormation's own."""
        self.change({})
        return self.name

    def change(self, old: Properties) -> None:
        """Set it on each topic."""
        del old
        policy = json.dumps(self.properties["PolicyDocument"])
        for arn in self.properties["Topics"]:
            self.api("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def remove(self) -> None:
        """Leave it: AWS has no topic without a policy, and the topic mostly goes next."""


class Subscription(Resource):
    """Who is told what a topic is told."""

    kind = "AWS::SNS::Subscription"
    replaced_by = ("TopicArn", "Protocol", "Endpoint")

    def make(self) -> str:
        """Subscribe; Ref gives the subscription's ARN."""
        attributes = {
            name: _text(value)
            for name, value in self.given("FilterPolicy", "RawMessageDelivery", "RedrivePolicy").items()
        }
        made = self.api("sns").subscribe(
            **self.given("TopicArn", "Protocol", "Endpoint"),
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return str(made["SubscriptionArn"])

    def change(self, old: Properties) -> None:
        """Set its attributes."""
        for name in ("FilterPolicy", "RawMessageDelivery", "RedrivePolicy"):
            if self.properties.get(name) != old.get(name):
                self.api("sns").set_subscription_attributes(
                    SubscriptionArn=self.physical_resource_id,
                    AttributeName=name,
                    AttributeValue=_text(self.properties.get(name, {})),
                )

    def remove(self) -> None:
        """Unsubscribe; with the topic it may have gone before."""
        with suppress(ClientError):
            self.api("sns").unsubscribe(SubscriptionArn=self.physical_resource_id)


class Queue(Resource):
    """An SQS queue."""

    kind = "AWS::SQS::Queue"
    name_property = "QueueName"
    replaced_by = ("FifoQueue",)
    attributes = ("Arn", "QueueName", "QueueUrl")

    def make(self) -> str:
        """Create it; Ref gives its URL."""
        attributes = self._attributes() | {
            name: _text(value) for name, value in self.given("FifoQueue", "ContentBasedDeduplication").items()
        }
        names = {tag["Key"]: tag["Value"] for tag in self.properties.get("Tags", [])}
        made = self.api("sqs").create_queue(QueueName=self.name, Attributes=attributes, tags=names)
        return str(made["QueueUrl"])

    def change(self, old: Properties) -> None:
        """Set its attributes; its messages stay."""
        del old
        self.api("sqs").set_queue_attributes(
            QueueUrl=self.physical_resource_id, Attributes=self._attributes()
        )

    def remove(self) -> None:
        """Delete it and its messages."""
        self.api("sqs").delete_queue(QueueUrl=self.physical_resource_id)

    def get_cfn_attribute(self, name: str) -> str:
        """Return Arn, QueueName or QueueUrl."""
        account = self.physical_resource_id.split("/")[-2]
        arn = f"arn:aws:sqs:{self.region}:{account}:{self.name}"
        return {"Arn": arn, "QueueName": self.name}.get(name, self.physical_resource_id)

    def _attributes(self) -> dict[str, str]:
        return {name: _text(value) for name, value in self.given(*QUEUE_PROPERTIES).items()}


class QueuePolicy(Resource):
    """Who may send to queues."""

    kind = "AWS::SQS::QueuePolicy"
    replaced_by = ("Queues",)

    def make(self) -> str:
        """Set it; Ref gives a name of CloudFormation's own."""
        self.change({})
        return self.name

    def change(self, old: Properties) -> None:
        """Set it on each queue."""
        del old
        self._set(json.dumps(self.properties["PolicyDocument"]))

    def remove(self) -> None:
        """Take it off; the queue may have gone before."""
        with suppress(ClientError):
            self._set("")

    def _set(self, policy: str) -> None:
        for url in self.properties["Queues"]:
            self.api("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
