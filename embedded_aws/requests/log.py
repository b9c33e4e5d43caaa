"""The request log: every call into moto, and the faults that a test asks for instead of an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from embedded_aws.requests.endings import Ending, spent
from embedded_aws.requests.throttles import EcsThrottles


@dataclass
class Call:
    """One request: `service` as boto3 names the client, `operation` and `parameters` as the API does."""

    at: datetime
    service: str
    operation: str
    principal: str
    access_key: str
    region: str
    parameters: dict[str, Any]
    error: str | None = None
    """The error code that was answered, or None."""
    took_effect: bool = False
    """Whether AWS did what was asked, whatever the caller was answered."""

    @property
    def action(self) -> str:
        """The call in one word, as in `ecs:DescribeTasks`."""
        return f"{self.service}:{self.operation}"

    @property
    def role(self) -> str | None:
        """The name of the role whose session made the call, or None."""
        _, assumed, session = self.principal.partition(":assumed-role/")
        return session.split("/")[0] if assumed else None


@dataclass(frozen=True)
class Fault:
    """What is answered in place of the truth; with `lost_answer` the request took effect all the same."""

    code: str
    message: str = "injected fault"
    status: int = 400
    lost_answer: bool = False
    hangs: float = 0
    """Seconds after which a function gives up waiting for the answer, which never comes; a state machine waits on.

    For callers in this process; code, message and status are of no account then.
    """
    ends: Ending | None = None
    """How the process of the function ends that waits for the answer, where it does; in this process only."""


RATE_EXCEEDED = Fault("ThrottlingException", "Rate exceeded")


@dataclass
class Ailment:
    """A fault that befalls each call the predicate picks, `times` times (None: until healed)."""

    befalls: Callable[[Call], bool]
    fault: Fault
    times: int | None = None

    def strike(self, call: Call) -> Fault | None:
        """Return the fault where it befalls the call, and count it."""
        if self.times == 0 or not self.befalls(call):
            return None
        if self.times is not None:
            self.times -= 1
        return self.fault

    def heal(self) -> None:
        """End it."""
        self.times = 0


@dataclass
class RequestLog:
    """Every call of one embedded AWS, in order, and the faults and throttles that some of them met."""

    calls: list[Call] = field(default_factory=list)
    throttling: bool = True
    """Whether ECS's token buckets are on, as they are on AWS."""
    lock: RLock = field(default_factory=RLock, repr=False)
    """Held while moto handles a request: its backends are not written for several threads."""
    _ailments: list[Ailment] = field(default_factory=list)
    _throttles: EcsThrottles = field(default_factory=EcsThrottles)

    def matching(
        self,
        service: str | None = None,
        operation: str | None = None,
        *,
        role: str | None = None,
        error: str | None = None,
        where: Callable[[Call], bool] = lambda _: True,
    ) -> list[Call]:
        """Return the calls that fit everything given, oldest first."""
        wanted = {"service": service, "operation": operation, "role": role, "error": error}
        sought = {name: value for name, value in wanted.items() if value is not None}
        return [
            call
            for call in list(self.calls)
            if all(getattr(call, name) == value for name, value in sought.items()) and where(call)
        ]

    def count(self, service: str | None = None, operation: str | None = None, **narrower: Any) -> int:
        """Return how many calls fit; takes what `matching` takes."""
        return len(self.matching(service, operation, **narrower))

    def clear(self) -> None:
        """Forget the calls; faults stay."""
        self.calls.clear()

    def fail_next(
        self,
        service: str,
        operation: str,
        code: str,
        message: str = "injected fault",
        *,
        status: int = 400,
        times: int = 1,
        lost_answer: bool = False,
    ) -> Ailment:
        """Answer the next `times` calls of the operation with the error."""
        return self.fail_when(
            lambda call: (call.service, call.operation) == (service, operation),
            Fault(code, message, status, lost_answer),
            times,
        )

    def fail_when(
        self, predicate: Callable[[Call], bool], fault: Fault | None = None, times: int | None = None
    ) -> Ailment:
        """Answer every call that the predicate picks with the fault (by default InternalFailure, status 500).

        The ailment that is returned ends with its `heal()`, or after `times` calls.
        """
        fault = fault or Fault("InternalFailure", "injected fault", 500)
        ailment = Ailment(predicate, fault, times)
        self._ailments.append(ailment)
        return ailment

    @property
    def may_fail(self) -> bool:
        """Whether a fault is waiting for some call."""
        return bool(self._ailments)

    def heal(self) -> None:
        """End every fault."""
        self._ailments.clear()

    @contextmanager
    def unthrottled(self) -> Iterator[None]:
        """Let a test set up its world faster than the ECS API would."""
        before, self.throttling = self.throttling, False
        try:
            yield
        finally:
            self.throttling = before

    def enter(self, call: Call) -> Fault | None:
        """Record a call; return the fault it meets, or None where it is to be answered."""
        self.calls.append(call)
        fault = self._fault_of(call)
        if fault is not None:
            call.error = fault.code
        return fault

    def _fault_of(self, call: Call) -> Fault | None:
        struck = (ailment.strike(call) for ailment in list(self._ailments))
        fault = next((fault for fault in struck if fault is not None), None)
        throttled = call.service == "ecs" and self.throttling
        if fault is None and throttled and not self._is_admitted(call):
            return RATE_EXCEEDED
        return fault

    def _is_admitted(self, call: Call) -> bool:
        """Ask the buckets as they are once the function that calls has waited for as long as it has."""
        return self._throttles.admit(call.operation, call.region, call.at + timedelta(seconds=spent()))
