"""Stubbed AWS services: every call must be expected, in its order, with exactly its parameters."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from botocore.stub import Stubber

from chalicelib.gateways.aws import client


class Stubs:
    """Stubs of the services as tests name them: `stubs.expect("ecs", "list_tasks", answer, cluster="web")`."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stubs: dict[str, Stubber] = {}

    def of(self, service: str) -> Stubber:
        """Return the stub of a service, made at its first mention."""
        if service not in self._stubs:
            self._stubs[service] = self._stack.enter_context(Stubber(client(service)))
        return self._stubs[service]

    def expect(self, service: str, operation: str, answer: dict[str, Any], **parameters: Any) -> None:
        """Expect one call and answer it."""
        self.of(service).add_response(operation, answer, parameters)

    def refuse(self, service: str, operation: str, code: str, status: int = 400, message: str = "no") -> None:
        """Expect one call, whatever its parameters, and answer it with an error."""
        self.of(service).add_client_error(operation, code, message, http_status_code=status)

    def assert_all_called(self) -> None:
        """Fail where a call that was expected never came."""
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()
