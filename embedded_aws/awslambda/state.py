"""What the simulated Lambda of one embedded AWS remembers, and the choice of its runtime."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import Any, Protocol

from embedded_aws import aws
from embedded_aws.awslambda.bootstrap import LambdaContext, Outcome
from embedded_aws.awslambda.in_process import InProcessRuntime
from embedded_aws.requests import Ending


class Runtime(Protocol):
    """Runs one invocation to its end; raises nothing for what the function does wrong."""

    def run(self, function: Any, event: Any, context: LambdaContext) -> Outcome:
        """Call the handler of moto's `LambdaFunction` with the event."""

    def close(self) -> None:
        """End whatever still runs."""


@dataclass(frozen=True)
class Invocation:
    """One call of a handler: what it got and what it gave."""

    at: datetime
    function_name: str
    request_id: str
    event: Any
    outcome: Outcome


@dataclass
class LambdaState:
    """The runtime in use, and the invocations so far, oldest first."""

    runtime: Runtime = field(default_factory=InProcessRuntime)
    invocations: list[Invocation] = field(default_factory=list)
    running: Counter[str] = field(default_factory=Counter)
    log_streams: dict[str, str] = field(default_factory=dict)
    crashes: Counter[str] = field(default_factory=Counter)
    """How many invocations more of a function, by the end of its name, its process does not survive."""

    time_outs: Counter[str] = field(default_factory=Counter)
    """How many invocations more of a function, by the end of its name, hang until Lambda ends them."""

    def end_next(self, function: str, ending: str, times: int = 1) -> None:
        """Let the next invocations of a function `crash` or `time-out`, before they have done anything."""
        doomed = {Ending.CRASH: self.crashes, Ending.TIME_OUT: self.time_outs}
        doomed[Ending(ending)][function] += times

    @staticmethod
    def is_next(doomed: Counter[str], function_name: str) -> bool:
        """Whether this invocation is one of `crashes` or `time_outs`, which it is taken off."""
        name = next((name for name, left in doomed.items() if left and function_name.endswith(name)), None)
        if name is not None:
            doomed[name] -= 1
        return name is not None

    def of(self, function_name: str) -> list[Invocation]:
        """Return the invocations of the function whose name ends so (names begin with app and stage)."""
        return [each for each in self.invocations if each.function_name.endswith(function_name)]


def lambda_state() -> LambdaState:
    """Return the Lambda of the running embedded AWS."""
    return aws.current().part("awslambda", LambdaState)


def use_runtime(runtime: Runtime) -> None:
    """Run functions with this runtime from now on; the one before is closed."""
    lambda_state().runtime.close()
    lambda_state().runtime = runtime


def register_module(name: str, module: ModuleType | Any) -> None:
    """Let handlers `<name>.<function>` be found on this object, not on the module imported as `name`."""
    runtime = lambda_state().runtime
    if not isinstance(runtime, InProcessRuntime):
        raise TypeError("modules are registered with the in-process runtime; a worker runs the deployed zip")
    runtime.modules[name] = module
