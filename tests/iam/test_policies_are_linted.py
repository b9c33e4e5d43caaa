"""Every policy that is deployed passes cfn-lint's rules for IAM: actions, the resources they take, operators.

The rules and their data are those of the service authorization reference, which cfn-lint reads anew for each release:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from cfnlint.api import lint  # type: ignore[import-untyped]  # cfn-lint ships no types
from cfnlint.config import ManualArgs  # type: ignore[import-untyped]

from app import app
from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from statemachine.trust import of_a_role
from stories.deployment import deploy
from tests.deploy.key_policy import policy
from tests.iam.evaluator import Statement
from tests.iam.recorded import Recorded

VARIANTS: dict[str, dict[str, str]] = {
    "by default": {},
    "with all that a stage may set": {
        "OwnTopicPattern": "arn:aws:sns:*:123456789012:drains-*",
        "Clusters": "web,batch-*",
        "Tracing": "true",
    },
}


def found(policies: dict[str, list[Statement]]) -> list[str]:
    """Return what cfn-lint finds in the policies of roles, remarks such as I3510 (resources) included."""
    trust = of_a_role("arn:aws:iam::123456789012:role/it", "lambda.amazonaws.com")
    resources = {
        re.sub("[^A-Za-z0-9]", "", role): {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust,
                "Policies": [
                    {"PolicyName": role, "PolicyDocument": {"Version": "2012-10-17", "Statement": statements}}
                ],
            },
        }
        for role, statements in policies.items()
    }
    checks = ManualArgs(regions=["eu-west-1"], include_checks=["I"])
    return [str(match) for match in lint(json.dumps({"Resources": resources}), config=checks)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_deployed_policy_passes(variant: str) -> None:
    deployed = Recorded()
    with embedded_aws() as aws:
        deploy(app, stack_parameters=VARIANTS[variant])
        deployed.take(aws.requests)
    assert len(deployed.policies) == 15
    assert found(deployed.policies) == []


def test_every_policy_passes_that_is_deployed_with_a_customer_key() -> None:
    deployed = Recorded()
    with embedded_aws() as aws:
        key = client("kms").create_key(Policy=policy())["KeyMetadata"]["Arn"]
        deploy(app, stack_parameters={"KmsKeyArn": key})
        deployed.take(aws.requests)
    assert any(
        "kms:Decrypt" in statement["Action"] for each in deployed.policies.values() for statement in each
    )
    assert found(deployed.policies) == []


def test_the_key_policy_of_the_guide_passes() -> None:
    deletion = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}
    properties = {"KeyPolicy": json.loads(policy()), "EnableKeyRotation": True}
    document = {"Resources": {"It": {"Type": "AWS::KMS::Key", "Properties": properties, **deletion}}}
    assert [str(match) for match in lint(json.dumps(document))] == []


@pytest.mark.parametrize(
    ("story", "wrong", "says"),
    [
        ("a misspelt action", {"Action": "ecs:ListTask"}, "'listtask' is not one of"),
        ("another resource", {"Resource": "arn:*:ecs:*:*:cluster/*"}, "requires a resource of"),
        ("an unknown operator", {"Condition": {"ArnLik": {"ecs:cluster": "x"}}}, "'ArnLik' does not match"),
    ],
)
def test_a_wrong_policy_does_not_pass(story: str, wrong: dict[str, Any], says: str) -> None:
    """The rules are on: without `include_checks`, say, nothing would be said of resources."""
    right = {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "arn:*:ecs:*:*:task/*"}
    assert found({"it": [right]}) == []
    assert says in "".join(found({"it": [{**right, **wrong}]})), story
