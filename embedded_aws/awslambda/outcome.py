"""What comes of an invocation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from embedded_aws.awslambda.bootstrap import unhandled


@dataclass(frozen=True)
class Outcome:
    """The function's answer as JSON text, whether it is an error, and what the function printed."""

    payload: str
    error: bool = False
    log: str = ""

    @classmethod
    def exited(cls, request_id: str, status: str) -> Outcome:
        """Return what Lambda answers where the process of the function has ended; `status` as in `exit status 1`."""
        message = f"RequestId: {request_id} Error: Runtime exited with error: {status}"
        return cls(unhandled("Runtime.ExitError", message, request_id), True, f"{message}\n")

    @property
    def answer(self) -> Any:
        """The payload, read."""
        return json.loads(self.payload)

    @property
    def error_type(self) -> str | None:
        """The class name of the exception that ended the invocation, or None."""
        return str(self.answer["errorType"]) if self.error else None
