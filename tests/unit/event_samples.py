"""The sample events of tests/events/, and the values in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parent.parent / "events"

INSTANCE_ID = "i-0a1b2c3d4e5f60718"
TOKEN = "7d0f3b52-6f0c-4c1e-9a3d-2b8f5e4c1a90"


def sample(name: str) -> Any:
    """Return a fresh copy of a sample event."""
    return json.loads((EVENTS / f"{name}.json").read_text())
