"""A wrong stack parameter is refused before functions and roles are changed: CloudFormation comes after them."""

from __future__ import annotations

from pathlib import Path

import pytest

from statemachine.graph import TEMPLATE, CloudFormationStack
from statemachine.policies import names_in_policies, rendered
from statemachine.refusal import DeploymentRefused
from tests.deploy.account import FUNCTIONS

NAMES = {"AppName": "ecs-drainer", "Stage": "dev"}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000001"


def stack(searched: list[str] | None = None, **parameters: str) -> CloudFormationStack:
    return CloudFormationStack(
        resource_name="stack",
        stack_name="ecs-drainer-dev",
        template_file=Path(TEMPLATE),
        function_names=sorted(FUNCTIONS),
        event_functions=[],
        parameters={**NAMES, **parameters},
        tags={},
        template_bucket=None,
        searched_clusters=searched or [],
    )


@pytest.mark.parametrize(
    ("story", "searched", "parameters"),
    [
        ("none", [], {}),
        ("a key", [], {"KmsKeyArn": KEY}),
        ("a key in China", [], {"KmsKeyArn": KEY.replace("arn:aws:", "arn:aws-cn:")}),
        ("no key any more", [], {"KmsKeyArn": ""}),
        ("its clusters, named", ["web"], {"Clusters": "web"}),
        (
            "its clusters, by pattern and by ARN",
            ["arn:aws:ecs:eu-west-1:1:cluster/batch-1", "web"],
            {"Clusters": "web, batch-*"},
        ),
        ("clusters to look in, and all to reach", ["web"], {}),
    ],
)
def test_right_parameters_are_taken(story: str, searched: list[str], parameters: dict[str, str]) -> None:
    read = stack(searched, **parameters)
    read.read()
    assert read.document, story


@pytest.mark.parametrize(
    ("searched", "parameters", "sentence"),
    [
        (
            [],
            {"KmsKeyArn": "alias/ours"},
            r"gives KmsKeyArn 'alias/ours': expected the ARN of a symmetric KMS key \(arn:aws:kms:REGION:",
        ),
        (
            [],
            {"Clusters": "web"},
            "gives Clusters web, and the stage looks in all clusters: expected ECS_DRAINER_CLUSTERS",
        ),
        (
            ["web", "api"],
            {"Clusters": "web"},
            "gives Clusters web, and the stage looks in api: expected ECS_DRAINER_CLUSTERS",
        ),
    ],
)
def test_wrong_parameters_are_refused(searched: list[str], parameters: dict[str, str], sentence: str) -> None:
    with pytest.raises(DeploymentRefused, match=sentence):
        stack(searched, **parameters).read()


def test_a_policy_file_is_filled_in_for_each_cluster_and_nothing_is_added_without_a_key() -> None:
    document = {
        "Statement": [{"Action": "ecs:DescribeClusters", "Resource": "arn:*:ecs:*:*:cluster/${Cluster}"}]
    }
    for given, resource in (
        ({}, "arn:*:ecs:*:*:cluster/*"),
        ({"Clusters": "web"}, "arn:*:ecs:*:*:cluster/web"),
        ({"Clusters": "web, api"}, ["arn:*:ecs:*:*:cluster/web", "arn:*:ecs:*:*:cluster/api"]),
    ):
        filled = rendered(document, names_in_policies(NAMES, given, {}))
        assert filled == {"Statement": [{"Action": "ecs:DescribeClusters", "Resource": resource}]}
