"""The template stays plain CloudFormation, and what is read of it loses none of its intrinsic functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]  # cfn-lint ships no types
from moto import mock_aws

from statemachine import template
from statemachine.handover import INLINE_LIMIT_BYTES, template_source
from statemachine.refusal import DeploymentRefused

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("story", "written", "read"),
    [
        ("a reference", "!Ref Stage", {"Ref": "Stage"}),
        ("an attribute", "!GetAtt Role.Arn", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("an attribute of an output", "!GetAtt Child.Outputs.Arn", {"Fn::GetAtt": ["Child", "Outputs.Arn"]}),
        ("an attribute as a list", "!GetAtt [Role, Arn]", {"Fn::GetAtt": ["Role", "Arn"]}),
        ("text with names in it", "!Sub a-${Stage}", {"Fn::Sub": "a-${Stage}"}),
        ("a nested function", "!If [IsTraced, !Ref A, b]", {"Fn::If": ["IsTraced", {"Ref": "A"}, "b"]}),
        (
            "a condition",
            "!And [!Condition A, !Condition B]",
            {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]},
        ),
        ("a mapping", "!Transform {Name: A}", {"Fn::Transform": {"Name": "A"}}),
        ("the long form", "{Ref: Stage}", {"Ref": "Stage"}),
        ("the version of a policy", "2012-10-17", "2012-10-17"),
        ("a truth", "true", True),
        ("a number", "300", 300),
    ],
)
def test_yaml_is_read_as_cloudformation_reads_it(tmp_path: Path, story: str, written: str, read: Any) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(f"Resources:\n  It: {written}\n")
    assert template.load(file)["Resources"]["It"] == read, story


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, r"template\.yaml can't be read: No such file or directory"),
        ("Resources: [", r"template\.yaml is not YAML: .*line 1"),
        ("Outputs: {}", "it has no Resources"),
        ("just words", "it has no Resources"),
    ],
)
def test_what_is_no_template_is_refused(tmp_path: Path, content: str | None, sentence: str) -> None:
    file = tmp_path / "template.yaml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(DeploymentRefused, match=f"(?s){sentence}"):
        template.load(file)


def test_a_template_beyond_a_megabyte_is_refused_with_its_size() -> None:
    """ "Template body size in an S3 object: 1 MB", say the CloudFormation quotas."""
    with pytest.raises(DeploymentRefused, match=r"The template is 1,000,0\d\d bytes"):
        template.body({"Resources": {"It": "x" * 1_000_000}})


def test_the_body_is_the_template_and_nothing_else() -> None:
    document = template.load(ROOT / "statemachine" / "template.yaml")
    body = template.body(document)
    assert json.loads(body) == document
    assert "\n" not in body


def test_cfn_lint_finds_no_fault_with_the_template() -> None:
    found = lint_file(ROOT / "statemachine" / "template.yaml")
    # W3002 only says that the definition's path is local, and that `aws cloudformation package` replaces it.
    assert [str(match) for match in found if match.rule.id != "W3002"] == []


def test_a_small_template_goes_inline() -> None:
    with template_source(None, "a-stack", "x" * INLINE_LIMIT_BYTES, None) as source:
        assert source == {"TemplateBody": "x" * INLINE_LIMIT_BYTES}


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_large_template_lies_in_a_bucket_of_its_own_for_the_time_being(region: str) -> None:
    text = "x" * (INLINE_LIMIT_BYTES + 1)
    with mock_aws():
        s3 = boto3.client("s3", region_name=region)
        with template_source(s3, "a-stack", text, None) as source:
            (bucket,) = (found["Name"] for found in s3.list_buckets()["Buckets"])
            url = source["TemplateURL"]
            assert url == f"https://{bucket}.s3.{region}.amazonaws.com/a-stack.template.json"
            assert s3.get_object(Bucket=bucket, Key="a-stack.template.json")["Body"].read().decode() == text
        assert s3.list_buckets()["Buckets"] == []


def test_the_bucket_goes_even_when_the_deployment_fails() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="eu-west-1")
        with (
            pytest.raises(DeploymentRefused),
            template_source(s3, "a-stack", "x" * 60_000, None),
        ):
            raise DeploymentRefused("no")
        assert s3.list_buckets()["Buckets"] == []


def test_a_bucket_that_the_stage_names_is_used_and_kept() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="ours")
        with template_source(s3, "a-stack", "x" * 60_000, "ours") as source:
            assert source["TemplateURL"].startswith("https://ours.s3.")
        assert s3.list_objects_v2(Bucket="ours")["KeyCount"] == 0
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["ours"]
