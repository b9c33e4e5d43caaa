"""A release has one template for every stage: with SAM's functions, and plain: what Chalice packages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]  # cfn-lint ships no types

from chalicelib.policy.table import BY_NAME
from cli.stacks.parameters import SETTINGS
from cli.whereabouts import version
from release.__main__ import PLAIN, SAM
from release.anystage import for_any_stage, plain

pytestmark = pytest.mark.deploy


def read(folder: Path, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / name).read_text())
    return document


@pytest.mark.parametrize("name", [SAM, PLAIN])
def test_cfn_lint_finds_no_fault_with_them(released: Path, name: str) -> None:
    assert [str(match) for match in lint_file(released / name)] == []


@pytest.mark.parametrize("name", [SAM, PLAIN])
def test_no_stage_is_in_them_but_as_a_default(released: Path, name: str) -> None:
    template = read(released, name)
    assert template["Parameters"].pop("Stage")["Default"] == "dev"
    assert "ecs-drainer-dev" not in json.dumps(template)
    assert template["Outputs"]["Release"]["Value"] == version()


def test_the_plain_one_needs_no_macro_and_has_the_functions_code_in_a_bucket(released: Path) -> None:
    """A macro would want CAPABILITY_AUTO_EXPAND, and can't be used by StackSets with service-managed permissions."""
    template = read(released, PLAIN)
    assert "Transform" not in template
    assert not {each["Type"] for each in template["Resources"].values() if "Serverless" in each["Type"]}
    functions = [each for each in template["Resources"].values() if each["Type"] == "AWS::Lambda::Function"]
    assert len(functions) == 13
    code = {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}}
    assert all(each["Properties"]["Code"] == code for each in functions)


def test_every_setting_of_a_stage_is_a_parameter_that_the_functions_read(released: Path) -> None:
    template = read(released, PLAIN)
    variables = template["Resources"]["PlanDrain"]["Properties"]["Environment"]["Variables"]
    for name, setting in BY_NAME.items():
        if not setting.manual_only and name != "cluster":
            (parameter,) = (each for each, of in SETTINGS.items() if of == name)
            assert variables[f"ECS_DRAINER_{name.upper()}"] == {"Ref": parameter}
            default = template["Parameters"][parameter]["Default"]
            assert default == "" or setting.parse(default) is not None
    assert variables["ECS_DRAINER_HOOKS"] == {"Ref": "Hooks"}


def test_with_a_stage_filled_in_they_are_what_chalice_packages_for_it(built: Path, released: Path) -> None:
    """`chalice package --stage dev` and the release differ in their parameters alone."""
    packaged, any_stage = read(built / "packaged", SAM), read(released, SAM)
    own = any_stage["Parameters"].keys() - packaged["Parameters"].keys()
    defaults = {name: any_stage["Parameters"][name].get("Default") for name in own}
    days = {"LogRetentionDays": packaged["Resources"]["LookLogGroup"]["Properties"]["RetentionInDays"]}
    filled = with_stage(any_stage["Resources"], defaults | days)
    for name, resource in with_stage(packaged["Resources"], days).items():
        properties = filled[name]["Properties"]
        if resource["Type"] == "AWS::Serverless::Function":
            variables = properties["Environment"]["Variables"]
            properties["Environment"] = {
                "Variables": {key: value for key, value in variables.items() if value != ""}
            }
            properties["CodeUri"] = "./deployment.zip"
        assert filled[name] == resource


def with_stage(value: Any, parameters: dict[str, Any]) -> Any:
    """Fill the defaults of those parameters in that only a release has, and write every name in one way."""
    if isinstance(value, list):
        return [with_stage(item, parameters) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"} and value["Ref"] in parameters:
        return parameters[value["Ref"]]
    if set(value) == {"Fn::Sub"}:
        text = str(value["Fn::Sub"]).replace("${Stage}", "dev")
        return text.replace("${!", "${") if "${" not in text.replace("${!", "") else {"Fn::Sub": text}
    return {key: with_stage(inner, parameters) for key, inner in value.items()}


def test_a_stage_where_no_parameter_can_stand_is_refused(built: Path) -> None:
    packaged = read(built / "packaged", SAM)
    machine = packaged["Resources"]["DrainStateMachine"]["Properties"]
    machine["DefinitionString"] = machine["DefinitionString"].replace("StartAt", "ecs-drainer-dev")
    with pytest.raises(ValueError, match="DefinitionString names the stage dev"):
        for_any_stage(packaged, "ecs-drainer", "dev", "1.0.0")


def test_a_variable_that_no_parameter_stands_for_is_refused(built: Path) -> None:
    packaged = read(built / "packaged", SAM)
    for resource in packaged["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["Environment"]["Variables"]["NEW"] = "1"
    with pytest.raises(ValueError, match=r"NEW of .chalice/config.json would be in no released template"):
        for_any_stage(packaged, "ecs-drainer", "dev", "1.0.0")


def test_a_function_with_more_than_is_known_is_refused(released: Path) -> None:
    template = read(released, SAM)
    template["Resources"]["Look"]["Properties"]["VpcConfig"] = {}
    with pytest.raises(ValueError, match="Look has VpcConfig, of which no plain form is known"):
        plain(template)
