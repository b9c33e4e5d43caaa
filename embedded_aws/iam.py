"""IAM: the policies that AWS itself keeps in every account, such as ReadOnlyAccess."""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

from embedded_aws import aws


@functools.cache
def install() -> None:
    """Let roles be given AWS's policies; again is harmless."""
    IAMBackend.attach_role_policy = _with_awss(IAMBackend.attach_role_policy)
    IAMBackend.get_policy = _with_awss(IAMBackend.get_policy)


def _with_awss(answer: Any) -> Any:
    """Bring the policy that is asked for; moto brings all 1,500 at every reset, or none."""

    @functools.wraps(answer)
    def asked(self: Any, policy_arn: str, *more: Any) -> Any:
        if aws.is_running() and policy_arn not in self.managed_policies:
            found = _of_aws(self.partition).get(policy_arn)
            if found:
                made = AWSManagedPolicy.from_data(found["Name"], self.account_id, self.region_name, found)
                self.managed_policies[policy_arn] = made
        return answer(self, policy_arn, *more)

    return asked


@functools.cache
def _of_aws(partition: str) -> dict[str, dict[str, Any]]:
    """Return what moto knows of each policy of AWS's, by ARN."""
    known: dict[str, dict[str, Any]] = json.loads(aws_managed_policies_data)
    return {
        f"arn:{partition}:iam::aws:policy{each['Path']}{name}": {**each, "Name": name}
        for name, each in known.items()
    }
