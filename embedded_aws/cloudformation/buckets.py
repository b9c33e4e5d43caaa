"""Buckets of S3 and who may use them, as `cdk bootstrap` and `sam deploy` make them for what they upload."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from embedded_aws.cloudformation.resource import Properties, Resource

SETTINGS = {
    "VersioningConfiguration": ("put_bucket_versioning", ""),
    "BucketEncryption": ("put_bucket_encryption", "delete_bucket_encryption"),
    "PublicAccessBlockConfiguration": ("put_public_access_block", "delete_public_access_block"),
    "LifecycleConfiguration": ("put_bucket_lifecycle_configuration", "delete_bucket_lifecycle"),
    "Tags": ("put_bucket_tagging", "delete_bucket_tagging"),
}
"""What of a bucket is set by an operation of its own, and what takes it back; versioning can't be, only suspended."""
ASKED_NEAR_HOME = "us-east-1"
"""S3 takes no location constraint there."""


class Bucket(Resource):
    """A bucket; one that still has objects can't be deleted, as on AWS."""

    kind, calls = "AWS::S3::Bucket", ("s3", "create_bucket", "", "delete_bucket")
    name_property, name_parameter, key = "BucketName", "Bucket", "Bucket"
    attributes: ClassVar = {
        "Arn": "arn:aws:s3:::{Bucket}",
        "DomainName": "{Bucket}.s3.amazonaws.com",
        "RegionalDomainName": "{Bucket}.s3.{region}.amazonaws.com",
        "WebsiteURL": "http://{Bucket}.s3-website.{region}.amazonaws.com",
    }

    def make(self) -> None:
        """Create it where its stack is."""
        where = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        self.call(self.calls[1], {**self.named, **({} if self.region == ASKED_NEAR_HOME else where)})
        self.change({})

    def change(self, old: Properties) -> None:
        """Set what differs; what the template has no more is taken back."""
        for name, (put, take_back) in SETTINGS.items():
            given = self.properties.get(name)
            if given is not None and given != old.get(name):
                self.call(put, {**self.identity, **_request(name, given)})
            elif given is None and name in old:
                suspended = {"VersioningConfiguration": {"Status": "Suspended"}}
                self.call(take_back or put, {**self.identity, **suspended})


def _request(name: str, given: Any) -> Properties:
    """Write a property of the template as the API has it."""
    if name == "BucketEncryption":
        rules = [_encryption(each) for each in given["ServerSideEncryptionConfiguration"]]
        return {"ServerSideEncryptionConfiguration": {"Rules": rules}}
    if name == "LifecycleConfiguration":
        rules = [{"Filter": {"Prefix": each.get("Prefix", "")}, **each} for each in given["Rules"]]
        return {name: {"Rules": rules}}
    return {"Tagging": {"TagSet": given}} if name == "Tags" else {name: given}


def _encryption(rule: dict[str, Any]) -> dict[str, Any]:
    return {**rule, "ApplyServerSideEncryptionByDefault": rule.get("ServerSideEncryptionByDefault", {})}


class BucketPolicy(Resource):
    """Who may use a bucket."""

    kind = "AWS::S3::BucketPolicy"
    calls = ("s3", "put_bucket_policy", "put_bucket_policy", "delete_bucket_policy")
    replaced_by = ("Bucket",)

    @property
    def identity(self) -> Properties:
        """By what the API finds it."""
        return {"Bucket": self.properties["Bucket"]}

    def make(self) -> None:
        """Put it on the bucket."""
        self.change({})

    def change(self, old: Properties) -> None:
        """Put it again."""
        del old
        self.call(self.calls[1], {**self.identity, "Policy": self.properties["PolicyDocument"]})

    def delete(self, *_: str) -> None:
        """Take it off; the bucket may have gone before."""
        with suppress(ClientError):
            super().delete()
