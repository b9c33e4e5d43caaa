"""Every definition that a template names is checked, and put in place; with one wrong, nothing is deployed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from statemachine.definitions import inlined
from statemachine.refusal import DeploymentRefused

MACHINE: dict[str, Any] = {
    "Comment": "Asks one function.",
    "StartAt": "Look once",
    "States": {
        "Look once": {
            "Type": "Task",
            "Comment": "One call is all.",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "${LookFunctionArn}", "Payload.$": "$"},
            "TimeoutSeconds": 30,
            "Retry": [
                {
                    "ErrorEquals": ["States.TaskFailed"],
                    "IntervalSeconds": 1,
                    "MaxAttempts": 3,
                    "BackoffRate": 2.0,
                    "MaxDelaySeconds": 30,
                    "JitterStrategy": "FULL",
                }
            ],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Over"}],
            "Next": "Over",
        },
        "Over": {"Type": "Succeed", "Comment": "That was it."},
    },
}


def a_template(*files: str) -> dict[str, Any]:
    return {
        "Resources": {
            f"Machine{number}": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "DefinitionS3Location": file,
                    "DefinitionSubstitutions": {"LookFunctionArn": {"Ref": "LookFunctionArn"}},
                },
            }
            for number, file in enumerate(files)
        }
    }


def test_each_local_definition_becomes_a_string_without_spaces(tmp_path: Path) -> None:
    (tmp_path / "fleets").mkdir()
    for file in ("drain.asl.json", "fleets/fleet.asl.json"):
        (tmp_path / file).write_text(json.dumps(MACHINE, indent=4))
    document = a_template("drain.asl.json", "fleets/fleet.asl.json")
    complete = inlined(document, tmp_path, {"look"})
    for resource in complete["Resources"].values():
        properties = resource["Properties"]
        assert "DefinitionS3Location" not in properties
        assert properties["DefinitionString"] == json.dumps(MACHINE, separators=(",", ":"))
        assert properties["DefinitionSubstitutions"] == {"LookFunctionArn": {"Ref": "LookFunctionArn"}}
    assert document == a_template("drain.asl.json", "fleets/fleet.asl.json"), (
        "the template itself is left as it was"
    )


def test_a_definition_that_lies_in_s3_already_is_left_alone(tmp_path: Path) -> None:
    document = a_template("x")
    properties = document["Resources"]["Machine0"]["Properties"]
    properties["DefinitionS3Location"] = {"Bucket": "ours", "Key": "drain.asl.json"}
    assert inlined(document, tmp_path, set()) == document


def test_other_resources_are_left_alone(tmp_path: Path) -> None:
    document = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    assert inlined(document, tmp_path, set()) == document


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    unfilled = json.dumps(MACHINE).replace("One call", "${Nobody} calls")
    (tmp_path / "unfilled.asl.json").write_text(unfilled)
    (tmp_path / "broken.asl.json").write_text("{")
    misspelt = json.dumps(MACHINE).replace('"Task"', '"Tusk"')
    (tmp_path / "misspelt.asl.json").write_text(misspelt)
    document = a_template("unfilled.asl.json", "broken.asl.json", "gone.asl.json", "misspelt.asl.json")
    with pytest.raises(DeploymentRefused) as refusal:
        inlined(document, tmp_path, {"look"})
    headline, *sentences = refusal.value.message.splitlines()
    assert headline == "Nothing was deployed, because the state machines are not right:"
    assert [sentence.split(":")[0].split(",")[0] for sentence in sentences if "Nobody" not in sentence] == [
        "  - broken.asl.json",
        "  - gone.asl.json",
        "  - misspelt.asl.json",
    ]
    assert (
        "  - unfilled.asl.json has the placeholder ${Nobody}, which no DefinitionSubstitutions of Machine0 fill."
        in sentences
    )


def test_a_function_that_the_app_does_not_have_is_refused(tmp_path: Path) -> None:
    (tmp_path / "drain.asl.json").write_text(json.dumps(MACHINE))
    with pytest.raises(DeploymentRefused, match="LookFunctionArn"):
        inlined(a_template("drain.asl.json"), tmp_path, {"glance"})
