"""Stubbed AWS services: every call must be expected, in its order, with exactly its parameters."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from botocore.stub import Stubber

from chalicelib.gateways.aws import client


class _Stub(Stubber):  # type: ignore[misc]  # botocore ships no types
    """A stub whose calls may also be lost on the way: botocore's own only answers."""

    def add_loss(self, operation: str, error: Exception) -> None:
        self.add_client_error(operation)
        self._queue[-1]["response"] = error

    def _get_response_handler(self, model: Any, params: Any, context: Any, **kwargs: Any) -> Any:
        self._assert_expected_call_order(model, params)
        if isinstance(self._queue[0]["response"], Exception):
            raise self._queue.popleft()["response"]
        return super()._get_response_handler(model, params, context, **kwargs)


class Stubs:
    """Stubs of the services as tests name them: `stubs.expect("ecs", "list_tasks", answer, cluster="web")`."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stubs: dict[str, _Stub] = {}

    def of(self, service: str) -> _Stub:
        """Return the stub of a service, made at its first mention."""
        if service not in self._stubs:
            self._stubs[service] = self._stack.enter_context(_Stub(client(service)))
        return self._stubs[service]

    def expect(self, service: str, operation: str, answer: dict[str, Any], **parameters: Any) -> None:
        """Expect one call and answer it."""
        self.of(service).add_response(operation, answer, parameters)

    def answer(self, service: str, operation: str, answer: dict[str, Any]) -> None:
        """Expect one call, whatever its parameters, and answer it."""
        self.of(service).add_response(operation, answer)

    def refuse(
        self, service: str, operation: str, code: str, status: int = 400, message: str = "no", **more: Any
    ) -> None:
        """Expect one call, whatever its parameters, and answer it with an error; `more`: what else the error says."""
        self.of(service).add_client_error(
            operation, code, message, http_status_code=status, modeled_fields=more or None
        )

    def lose(self, service: str, operation: str, error: Exception) -> None:
        """Expect one call, whatever its parameters, and let it fail on the way."""
        self.of(service).add_loss(operation, error)

    def assert_all_called(self) -> None:
        """Fail where a call that was expected never came."""
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()
