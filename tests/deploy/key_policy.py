"""The customer key whose policy is the one that docs/operations.md shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"


def policy(stage: str = "dev") -> str:
    """Return the key policy of the guide, filled in for the embedded account."""
    text = GUIDE.read_text(encoding="utf-8")
    found = re.search(r"<!-- key policy -->\n```json\n(.*?)```\n<!-- end of key policy -->", text, re.DOTALL)
    assert found, "docs/operations.md shows the key's policy"
    filled = found[1].replace("REGION", "eu-west-1").replace("ACCOUNT", "123456789012")
    return filled.replace("STAGE", stage)


def customer_key(client: Callable[[str], Any], text: str) -> str:
    """Make a customer key with this policy and return its ARN."""
    return str(client("kms").create_key(Policy=text)["KeyMetadata"]["Arn"])
