"""Fills the app's name and stage into the IAM policy files, so that one file a function serves every stage.

Chalice takes `.chalice/policy-<function>.json` as it is, and a pattern that fits all stages would let the
functions of one stage use what belongs to another. Where nothing fills the placeholders, they match nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Names = Mapping[str, str | list[str]]
"""What stands for a placeholder: text, or a list for a placeholder that is a resource by itself."""

TOPICS, QUEUES = "ECS_DRAINER_TOPICS", "ECS_DRAINER_QUEUES"
"""The stage's variables that say what tags may reach; chalicelib/policy/settings.py reads them too."""


def rendered(document: Any, names: Names) -> Any:
    """Return a policy document with `${AppName}`, `${Stage}` and the like filled in.

    IAM's own variables, such as `${aws:PrincipalAccount}`, stay.
    """
    if isinstance(document, Mapping):
        return {key: rendered(value, names) for key, value in document.items()}
    if isinstance(document, list):
        return [each for item in document for each in _several(rendered(item, names))]
    return _filled(document, names) if isinstance(document, str) else document


def _several(item: Any) -> list[Any]:
    return item if isinstance(item, list) else [item]


def _filled(text: str, names: Names) -> str | list[str]:
    for name, value in names.items():
        placeholder = f"${{{name}}}"
        if isinstance(value, str):
            text = text.replace(placeholder, value)
        elif text == placeholder:
            return list(value)
    return text


def names(config: Any) -> dict[str, str]:
    """Return the names that policies and the template share: the app's and the stage's."""
    return {"AppName": config.app_name, "Stage": config.chalice_stage}


def names_in_policies(
    names: Mapping[str, str], stack_parameters: Mapping[str, Any], environment: Mapping[str, str]
) -> Names:
    """Return what policy files may name: app, stage, and the topics and queues that others may have reached.

    `environment`: the stage's variables. A role gets no more than what the stage's own code lets a tag name; what the
    environment itself names as `notify` counts among the topics.
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
    }


def _listed(text: str) -> list[str]:
    return [word for word in re.split(r"[\s,]+", text) if word]
