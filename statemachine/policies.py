"""Fills the app's name and stage into the IAM policy files, so that one file a function serves every stage.

Chalice takes `.chalice/policy-<function>.json` as it is, and a pattern that fits all stages would let the
functions of one stage use what belongs to another. Where nothing fills the placeholders, they match nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from statemachine.key_grants import key_grants

Names = Mapping[str, str | list[str]]
"""What stands for the placeholders of a policy file; where a placeholder is a list, so is what it is a part of."""

TOPICS, QUEUES = "ECS_DRAINER_TOPICS", "ECS_DRAINER_QUEUES"
"""The stage's variables that say what tags may reach; chalicelib/policy/settings.py reads them too."""


def rendered(document: Any, names: Names) -> Any:
    """Return a policy document with `${AppName}`, `${Stage}` and the like filled in.

    Where the stage has a customer key, the grants that its use takes are added. IAM's own variables, such as
    `${aws:PrincipalAccount}`, stay.
    """
    complete = _filled(document, names)
    if key := names.get("KmsKeyArn"):
        complete["Statement"] += key_grants(complete, str(key), f"{names['AppName']}-{names['Stage']}")
    return complete


def _filled(document: Any, names: Names) -> Any:
    if isinstance(document, Mapping):
        return {key: _filled(value, names) for key, value in document.items()}
    if isinstance(document, list):
        return [each for item in document for each in _several(_filled(item, names))]
    return _text_filled(document, names) if isinstance(document, str) else document


def _several(item: Any) -> list[Any]:
    return item if isinstance(item, list) else [item]


def _text_filled(text: str, names: Names) -> str | list[str]:
    found = [text]
    for name, value in names.items():
        placeholder = f"${{{name}}}"
        if placeholder in text:
            found = [each.replace(placeholder, given) for each in found for given in _several(value)]
    return found if len(found) > 1 else found[0]


def names(config: Any) -> dict[str, str]:
    """Return the names that policies and the template share: the app's and the stage's."""
    return {"AppName": config.app_name, "Stage": config.chalice_stage}


def names_in_policies(
    names: Mapping[str, str], stack_parameters: Mapping[str, Any], environment: Mapping[str, str]
) -> Names:
    """Return what policy files may name: app, stage, topics and queues within reach, clusters, key and bus.

    `environment`: the stage's variables. A role gets no more than what the stage's own code lets a tag name; what the
    environment itself names as `notify` counts among the topics. Where the stage's `stack_parameters` give no Clusters,
    instances of any may be drained. The bus is that of the environment too, which the function reads; `none` is no
    bus's name, and allows none.
    """
    stage_topic = f"arn:*:sns:*:*:{names['AppName']}-{names['Stage']}-notifications"
    topics = [f"arn:*:sns:*:*:{name}" for name in _listed(environment.get(TOPICS, ""))]
    own = [stack_parameters.get("OwnTopicPattern"), environment.get("ECS_DRAINER_NOTIFY", "")]
    queues = _listed(environment.get(QUEUES, "")) or ["*"]
    return {
        **names,
        "Topics": [
            stage_topic,
            *topics,
            *(str(each) for each in own if each and str(each).startswith("arn:")),
        ],
        "Queues": [f"arn:*:sqs:*:*:{name}" for name in queues],
        "Cluster": clusters(stack_parameters),
        "KmsKeyArn": str(stack_parameters.get("KmsKeyArn", "")),
        "EventBus": environment.get("ECS_DRAINER_EVENT_BUS", "").strip() or "default",
    }


def clusters(stack_parameters: Mapping[str, Any]) -> list[str]:
    """Return the names or patterns of the clusters that a stage's roles may reach into, as Clusters gives them."""
    return _listed(str(stack_parameters.get("Clusters") or "*"))


def _listed(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]
