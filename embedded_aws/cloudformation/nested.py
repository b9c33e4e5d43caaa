"""A stack in a stack: made from a template in S3, its outputs for its parent, its failure its parent's.

User guide, "Embed stacks within other stacks using nested stacks".
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from embedded_aws.clients import client
from embedded_aws.cloudformation.resource import Properties, Resource

OUTPUTS = "Outputs."
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
"""Its parent's have been asked for: CloudFormation asks once for all of them."""


class NestedStack(Resource):
    """A nested stack."""

    kind = "AWS::CloudFormation::Stack"
    calls = ("cloudformation", "create_stack", "update_stack", "delete_stack")
    key = "StackId"

    def make(self) -> None:
        """Create it; raises ValueError where it fails, as its parent then does."""
        self.call("create_stack", {**self._request, "StackName": self.name})
        self._refuse_unless("created", "CREATE_COMPLETE")

    def change(self, old: Properties) -> None:
        """Update it."""
        del old
        try:
            self.call("update_stack", {**self._request, "StackName": self.name})
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
        self._refuse_unless("updated", "CREATE_COMPLETE", "UPDATE_COMPLETE")

    def delete(self, *_: str) -> None:
        """Delete it."""
        self.call("delete_stack", {"StackName": self.name})

    def get_cfn_attribute(self, name: str) -> str:
        """Return an output: `Outputs.TopicArn`."""
        listed = self._described().get("Outputs", [])
        outputs = {each["OutputKey"]: each["OutputValue"] for each in listed}
        return str(outputs[name.removeprefix(OUTPUTS)])

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Whatever it has as an output."""
        return attr.startswith(OUTPUTS)

    @property
    def _request(self) -> Properties:
        given = self.properties.get("Parameters", {})
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
        return {**self.properties, "Parameters": parameters, "Capabilities": CAPABILITIES}

    def _described(self) -> dict[str, Any]:
        described = client("cloudformation", self.region).describe_stacks(StackName=self.name)
        found: dict[str, Any] = described["Stacks"][0]
        return found

    def _refuse_unless(self, verb: str, *statuses: str) -> None:
        found = self._described()
        if found["StackStatus"] not in statuses:
            reason = found.get("StackStatusReason", found["StackStatus"])
            raise ValueError(f"Embedded stack {found['StackId']} was not successfully {verb}: {reason}")
