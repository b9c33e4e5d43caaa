"""The S3 bucket from which CloudFormation takes the functions' code: the operator's, or one of our own making."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from chalicelib.gateways.aws import translated
from cli.exit_codes import ExitCode
from cli.installation import APP, Installation
from cli.problems import Halt

MADE_BY = {"Key": "ecs-drainer:installed-by", "Value": "ecs-drainer install"}
"""What tells our stacks and buckets from all others."""


@dataclass(frozen=True)
class Bucket:
    """A bucket of the installation's account and Region."""

    at: Installation
    name: str

    def exists(self) -> bool:
        """Whether it is there; raises Halt where it is somebody else's or in another Region."""
        try:
            found = _s3().head_bucket(Bucket=self.name, ExpectedBucketOwner=self.at.account)
        except ClientError as error:
            if _status(error) == 404:
                return False
            if _status(error) in (301, 400, 403):
                raise _not_usable(self) from error
            raise
        if found.get("BucketRegion", self.at.region) != self.at.region:
            raise _not_usable(self)
        return True

    def make(self) -> None:
        """Make it: private, encrypted, with versions, for callers with TLS alone."""
        s3, name = _s3(), {"Bucket": self.name}
        # us-east-1 is where buckets are without a constraint, and the one Region that S3 refuses as a constraint.
        where = {} if self.at.region == "us-east-1" else {"LocationConstraint": self.at.region}
        with translated():
            s3.create_bucket(**name, **({"CreateBucketConfiguration": where} if where else {}))
            s3.put_bucket_tagging(**name, Tagging={"TagSet": [MADE_BY]})
            s3.put_public_access_block(**name, PublicAccessBlockConfiguration=CLOSED)
            s3.put_bucket_encryption(**name, ServerSideEncryptionConfiguration=ENCRYPTED)
            s3.put_bucket_versioning(**name, VersioningConfiguration={"Status": "Enabled"})
            s3.put_bucket_policy(**name, Policy=json.dumps(self.policy))

    @property
    def policy(self) -> dict[str, Any]:
        """What refuses callers without TLS."""
        arn = f"arn:{self.at.partition}:s3:::{self.name}"
        statement = {
            "Sid": "OnlyWithTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        return {"Version": "2012-10-17", "Statement": [statement]}

    def put(self, key: str, content: bytes) -> None:
        """Write an object."""
        with translated():
            _s3().put_object(Bucket=self.name, Key=key, Body=content, ExpectedBucketOwner=self.at.account)

    def is_ours(self) -> bool:
        """Whether `ecs-drainer install` made it."""
        try:
            return MADE_BY in _s3().get_bucket_tagging(Bucket=self.name)["TagSet"]
        except ClientError as error:
            if _status(error) in (403, 404):
                return False  # without tags, gone, or not ours to see
            raise

    def remove(self) -> None:
        """Delete it with every version of every object."""
        s3 = _s3()
        with translated():
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=self.name):
                listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                keys = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in listed]
                if keys:
                    s3.delete_objects(Bucket=self.name, Delete={"Objects": keys, "Quiet": True})
            s3.delete_bucket(Bucket=self.name)


CLOSED = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def default_bucket(at: Installation) -> Bucket:
    """Return the bucket that is made where none is named; all stages of an account and Region share it."""
    return Bucket(at, f"{APP}-{at.account}-{at.region}")


def _s3() -> Any:
    """Return a client with botocore's own retries: the zip may take longer than a Lambda's call."""
    return boto3.client("s3")


def _status(error: ClientError) -> int:
    return int(error.response["ResponseMetadata"]["HTTPStatusCode"])


def _not_usable(bucket: Bucket) -> Halt:
    return Halt(
        f"The bucket {bucket.name} is not one of account {bucket.at.account} in {bucket.at.region}, or may not be used",
        "--bucket NAME says which bucket of yours is to hold the functions' code",
        ExitCode.REFUSED,
    )
