"""Puts the state machines' definitions into the template, checked for what AWS finds at run time only.

The template names each definition as `aws cloudformation package` has it: by a local path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from typing import Any

from statemachine.refusal import DeploymentRefused
from statemachine.template import Document

STATE_MACHINE = "AWS::StepFunctions::StateMachine"
PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_]+)\}")
"""What DefinitionSubstitutions fills in: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/
aws-resource-stepfunctions-statemachine.html"""


def inlined(document: Document, folder: Path, functions: set[str]) -> Document:
    """Return the template with every local definition in place, minified, as its machine's DefinitionString.

    Args:
        document: the template.
        folder: where the definitions' paths start from: the template's own folder.
        functions: the names of the app's Lambda functions, for the checks.

    Raises:
        DeploymentRefused: with a sentence for each thing that is wrong in any definition.
    """
    complete = deepcopy(document)
    wrong: list[str] = []
    for logical_id, properties in _machines_with_a_local_definition(complete):
        path = folder / properties.pop("DefinitionS3Location")
        definition, sentences = _checked(path, logical_id, properties, functions)
        wrong += sentences
        properties["DefinitionString"] = json.dumps(definition, separators=(",", ":"), ensure_ascii=False)
    if wrong:
        raise DeploymentRefused("Nothing was deployed, because the state machines are not right:", wrong)
    return complete


def _machines_with_a_local_definition(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for logical_id, resource in document["Resources"].items():
        properties = resource.get("Properties", {})
        if resource.get("Type") == STATE_MACHINE and isinstance(properties.get("DefinitionS3Location"), str):
            yield logical_id, properties


def _checked(
    path: Path, logical_id: str, properties: dict[str, Any], functions: set[str]
) -> tuple[Any, list[str]]:
    try:
        text = path.read_text(encoding="utf-8")
        definition = json.loads(text)
    except OSError as error:
        return None, [f"{path.name}, the definition of {logical_id}, can't be read: {error.strerror}."]
    except ValueError as error:
        return None, [f"{path.name}, the definition of {logical_id}, is not JSON: {error}."]
    given = set(properties.get("DefinitionSubstitutions", {}))
    missing = [
        f"{path.name} has the placeholder ${{{name}}}, which no DefinitionSubstitutions of {logical_id} fill."
        for name in sorted(set(PLACEHOLDER.findall(text)) - given)
    ]
    return definition, [*missing, *_definition_check(definition, path.name, functions)]


def _definition_check(definition: Any, name: str, functions: set[str]) -> list[str]:
    # Imported when it is needed: the check brings its own libraries, and deleting an app needs none of them.
    sentences: list[str] = import_module("statemachine.definition_check").check(definition, name, functions)
    return sentences
