"""Fills the app's name and stage into the IAM policy files, so that one file a function serves every stage.

Chalice takes `.chalice/policy-<function>.json` as it is, and a pattern that fits all stages would let the
functions of one stage use what belongs to another. Where nothing fills the placeholders, they match nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def rendered(document: Any, names: Mapping[str, str]) -> Any:
    """Return a policy document with `${AppName}`, `${Stage}` and the like filled in.

    IAM's own variables, such as `${aws:PrincipalAccount}`, stay.
    """
    text = json.dumps(document)
    for name, value in names.items():
        text = text.replace(f"${{{name}}}", value)
    return json.loads(text)


def names(config: Any) -> dict[str, str]:
    """Return the names that policies and the template share: the app's and the stage's."""
    return {"AppName": config.app_name, "Stage": config.chalice_stage}


def names_in_policies(
    names: Mapping[str, str], stack_parameters: Mapping[str, Any], environment: Mapping[str, str]
) -> dict[str, str]:
    """Return what policy files may name: app, stage, the topics that a drain's `notify` may name, and the event bus.

    Where the stage's `stack_parameters` give no OwnTopicPattern, only the stage's own topic may be published to. The
    bus is that of the stage's environment, which the function reads; `none` is no bus's name, and allows none.
    """
    own = stack_parameters.get("OwnTopicPattern")
    stage_topic = f"arn:*:sns:*:*:{names['AppName']}-{names['Stage']}-notifications"
    bus = environment.get("ECS_DRAINER_EVENT_BUS", "").strip()
    return {**names, "OwnTopicPattern": str(own or stage_topic), "EventBus": bus or "default"}
