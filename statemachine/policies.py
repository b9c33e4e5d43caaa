"""Fills the app's name and stage into the IAM policy files, so that one file a function serves every stage.

Chalice takes `.chalice/policy-<function>.json` as it is, and a pattern that fits all stages would let the
functions of one stage use what belongs to another. Where nothing fills the placeholders, they match nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def rendered(document: Any, names: Mapping[str, str]) -> Any:
    """Return a policy document with `${AppName}` and `${Stage}` filled in.

    IAM's own variables, such as `${aws:PrincipalAccount}`, stay.
    """
    text = json.dumps(document)
    for name, value in names.items():
        text = text.replace(f"${{{name}}}", value)
    return json.loads(text)


def names(config: Any) -> dict[str, str]:
    """Return the names that policies and the template share: the app's and the stage's."""
    return {"AppName": config.app_name, "Stage": config.chalice_stage}
