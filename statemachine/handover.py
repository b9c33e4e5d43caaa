"""Hands a template to CloudFormation: inline while it fits, else through a bucket for the time being."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

INLINE_LIMIT_BYTES = 51_200
"""What CreateStack and UpdateStack take as TemplateBody.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""


@contextmanager
def template_source(s3: Any, stack_name: str, template: str, bucket: str | None) -> Iterator[dict[str, str]]:
    """Yield the part of a request that says which template: its body, or where it lies for the time being.

    Args:
        s3: a client of Amazon S3, in the stack's Region.
        stack_name: what the template is for; names the object.
        template: the template's body.
        bucket: where a large template may lie; None makes a bucket of its own, and deletes it at the end.
    """
    if len(template.encode()) <= INLINE_LIMIT_BYTES:
        yield {"TemplateBody": template}
        return
    with _bucket(s3, stack_name, bucket) as name:
        key = f"{stack_name}.template.json"
        s3.put_object(Bucket=name, Key=key, Body=template.encode(), ContentType="application/json")
        try:
            yield {"TemplateURL": f"https://{name}.s3.{s3.meta.region_name}.{_suffix(s3)}/{key}"}
        finally:
            s3.delete_object(Bucket=name, Key=key)


@contextmanager
def _bucket(s3: Any, stack_name: str, bucket: str | None) -> Iterator[str]:
    if bucket is not None:
        yield bucket
        return
    # A name of its own each time: S3 may take a while to give a deleted bucket's name away again.
    name = f"{stack_name[:40].lower()}-template-{uuid4().hex[:12]}"
    region = s3.meta.region_name
    # us-east-1 is where buckets are without a constraint, and the one Region that S3 refuses as a constraint.
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **where)
    try:
        yield name
    finally:
        s3.delete_bucket(Bucket=name)


def _suffix(s3: Any) -> str:
    return "amazonaws.com.cn" if s3.meta.partition == "aws-cn" else "amazonaws.com"
