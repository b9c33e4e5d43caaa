"""What comes of an invocation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The function's answer as JSON text, whether it is an error, and what the function printed."""

    payload: str
    error: bool = False
    log: str = ""

    @property
    def answer(self) -> Any:
        """The payload, read."""
        return json.loads(self.payload)

    @property
    def error_type(self) -> str | None:
        """The class name of the exception that ended the invocation, or None."""
        return str(self.answer["errorType"]) if self.error else None
