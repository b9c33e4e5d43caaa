"""`chalice package` writes the whole app as one template, for those who deploy by CloudFormation alone."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]  # cfn-lint ships no types

pytestmark = pytest.mark.deploy

ZIP_LIMIT_BYTES = 2_000_000
"""Each function gets the zip at each deployment, and unpacks it at each cold start."""


@pytest.fixture
def packaged(built: Path) -> Path:
    return built / "packaged"


@pytest.fixture
def sam(packaged: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((packaged / "sam.json").read_text())
    return document


def test_the_zip_is_lean_and_carries_the_app_alone(packaged: Path) -> None:
    file = packaged / "deployment.zip"
    assert file.stat().st_size <= ZIP_LIMIT_BYTES
    carried = {name.split("/")[0] for name in zipfile.ZipFile(file).namelist()}
    assert {"app.py", "chalicelib", "aws_lambda_powertools"} <= carried
    assert not carried & {"statemachine", "embedded_aws", "tests", "cli", "boto3", "botocore", "moto", "yaml"}


def test_the_template_carries_the_machine_and_all_around_it(sam: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in sam["Resources"].values()}
    assert kinds >= {
        "AWS::Serverless::Function",
        "AWS::StepFunctions::StateMachine",
        "AWS::SNS::Topic",
        "AWS::DynamoDB::Table",
        "AWS::SQS::Queue",
        "AWS::CloudWatch::Alarm",
        "AWS::Lambda::EventInvokeConfig",
    }
    machine = sam["Resources"]["DrainStateMachine"]["Properties"]
    assert json.loads(machine["DefinitionString"])["StartAt"]
    assert machine["DefinitionSubstitutions"]["LookFunctionArn"] == {"Fn::GetAtt": ["Look", "Arn"]}


def test_no_parameter_is_left_that_the_app_itself_answers(sam: dict[str, Any]) -> None:
    assert set(sam["Parameters"]) == {
        "NotificationEmail",
        "OwnTopicPattern",
        "Clusters",
        "KmsKeyArn",
        "AuditQueueArn",
        "LogRetentionDays",
        "Tracing",
        "DeletionProtection",
    }
    assert all("Default" in declared for declared in sam["Parameters"].values())


def test_functions_have_the_names_that_policies_and_app_rely_on(sam: dict[str, Any]) -> None:
    names = {
        resource["Properties"]["FunctionName"]
        for resource in sam["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    assert len(names) == 13
    assert all(name.startswith("ecs-drainer-dev-") for name in names)


@pytest.mark.parametrize(
    ("function", "event"), [("StartDrain", "StartDrainEvent"), ("Reconcile", "ReconcileEvent")]
)
def test_events_have_their_retries_and_the_dead_letter_queue(
    sam: dict[str, Any], function: str, event: str
) -> None:
    properties = sam["Resources"][function]["Properties"]["Events"][event]["Properties"]
    assert properties["RetryPolicy"] == {"MaximumEventAgeInSeconds": 120, "MaximumRetryAttempts": 185}
    assert properties["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}


def test_cfn_lint_finds_no_fault_with_it(packaged: Path) -> None:
    assert [str(match) for match in lint_file(packaged / "sam.json")] == []
