"""Reads the CloudFormation template, intrinsic functions kept, and writes it as CloudFormation takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # PyYAML, which Chalice brings along, ships no types

from statemachine.refusal import DeploymentRefused

Document = dict[str, Any]
"""A template, or a part of one, with its intrinsic functions in their long form (`{"Ref": ...}`)."""

LIMIT_BYTES = 1_000_000
"""What CloudFormation takes from S3 at most; inline it takes less, see `handover`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""


class _TemplateLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML ships no types
    """YAML as CloudFormation reads it: short tags are intrinsic functions, and dates stay text."""

    # Else `Version: 2012-10-17`, which every policy has, would become a date that JSON can't hold.
    yaml_implicit_resolvers = {  # noqa: RUF012  # PyYAML's own name and form of this class attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _intrinsic_function(loader: Any, name: str, node: Any) -> Document:
    value = _plain_value(loader, node)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


def _plain_value(loader: Any, node: Any) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_TemplateLoader.add_multi_constructor("!", _intrinsic_function)


def load(path: Path) -> Document:
    """Return the template in a YAML (or JSON) file.

    Raises:
        DeploymentRefused: the file can't be read, isn't YAML, or has no Resources.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), _TemplateLoader)  # noqa: S506  # a SafeLoader
    except OSError as error:
        raise DeploymentRefused(f"{path} can't be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise DeploymentRefused(f"{path} is not YAML: {error}") from error
    if not isinstance(document, dict) or not document.get("Resources"):
        raise DeploymentRefused(f"{path} is no CloudFormation template: it has no Resources.")
    return document


def section(document: Document, name: str) -> Document:
    """Return a section of the template (`Parameters`, `Outputs`, ...), empty where the template has none."""
    found: Document = document.get(name) or {}
    return found


def body(document: Document) -> str:
    """Return the template as CloudFormation takes it: JSON without a byte to spare.

    Raises:
        DeploymentRefused: it is larger than CloudFormation takes.
    """
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    if (size := len(text.encode())) > LIMIT_BYTES:
        raise DeploymentRefused(
            f"The template is {size:,} bytes with its state machines, and CloudFormation takes {LIMIT_BYTES:,}.",
            ["Shorten the definitions or the dashboard, or move a state machine into a stack of its own."],
        )
    return text
