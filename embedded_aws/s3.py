"""S3 where moto's answers another thing than AWS: a bucket policy's word about TLS."""

from __future__ import annotations

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket


def install() -> None:
    """Correct moto's S3; again is harmless."""
    FakeBucket.get_permission = _permission


def _permission(bucket: Any, action: str, resource: str) -> Any:
    """Ask a bucket's policy; moto reads no Condition, and would refuse everybody what is refused without TLS.

    The embedded AWS stands for AWS's endpoints, which every SDK calls by TLS: `aws:SecureTransport` is true.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy.decode())
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    policy["Statement"] = [each for each in statements if not _is_for_callers_without_tls(each)]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _is_for_callers_without_tls(statement: dict[str, Any]) -> bool:
    secure = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
    return str(secure).lower() == "false"
