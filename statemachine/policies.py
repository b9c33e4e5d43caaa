"""Fills the app's name and stage into the IAM policy files, so that one file a function serves every stage.

Chalice takes `.chalice/policy-<function>.json` as it is, and a pattern that fits all stages would let the
functions of one stage use what belongs to another. Where nothing fills the placeholders, they match nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from statemachine.key_grants import key_grants

Names = Mapping[str, str | list[str]]
"""What stands for the placeholders of a policy file; where a placeholder is a list, so is what it is a part of."""


def rendered(document: Any, names: Names) -> Any:
    """Return a policy document with `${AppName}`, `${Stage}` and the like filled in.

    Where the stage has a customer key, the grants that its use takes are added. IAM's own variables, such as
    `${aws:PrincipalAccount}`, stay.
    """
    text = json.dumps(document)
    for name, value in names.items():
        if isinstance(value, str):
            text = text.replace(f"${{{name}}}", value)
    lists = {f"${{{name}}}": value for name, value in names.items() if isinstance(value, list)}
    complete = _with_lists(json.loads(text), lists)
    if key := names.get("KmsKeyArn"):
        complete["Statement"] += key_grants(complete, str(key), f"{names['AppName']}-{names['Stage']}")
    return complete


def names(config: Any) -> dict[str, str]:
    """Return the names that policies and the template share: the app's and the stage's."""
    return {"AppName": config.app_name, "Stage": config.chalice_stage}


def names_in_policies(names: Mapping[str, str], stack_parameters: Mapping[str, Any]) -> Names:
    """Return what policy files may name: app, stage, the topics that a drain's `notify` may name, clusters, the key.

    Where the stage's `stack_parameters` give no OwnTopicPattern, only the stage's own topic may be published to; where
    they give no Clusters, instances of any may be drained.
    """
    own = stack_parameters.get("OwnTopicPattern")
    stage_topic = f"arn:*:sns:*:*:{names['AppName']}-{names['Stage']}-notifications"
    return {
        **names,
        "OwnTopicPattern": str(own or stage_topic),
        "Cluster": clusters(stack_parameters),
        "KmsKeyArn": str(stack_parameters.get("KmsKeyArn", "")),
    }


def clusters(stack_parameters: Mapping[str, Any]) -> list[str]:
    """Return the names or patterns of the clusters that a stage's roles may reach into, as Clusters gives them."""
    return [name.strip() for name in str(stack_parameters.get("Clusters") or "*").split(",")]


def _with_lists(value: Any, lists: Mapping[str, list[str]]) -> Any:
    if isinstance(value, dict):
        return {key: _with_lists(item, lists) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_lists(item, lists) for item in value]
    for placeholder, given in lists.items():
        if isinstance(value, str) and placeholder in value:
            filled = [value.replace(placeholder, each) for each in given]
            return filled if len(filled) > 1 else filled[0]
    return value
