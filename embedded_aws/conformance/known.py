"""Differences that stay: which facts show them, and what of a definition would rest on them.

Where AWS's guide and what people tell of AWS don't agree, and nothing is recorded, that is listed too, without a fact.
Who tests with the embedded AWS finds with `relied_on` what of it their own definitions rest on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One thing that AWS does, or may do, and the embedded AWS doesn't.

    A machine relies on it that catches one of the errors, has a field or a type of state that is named, or calls one of
    the integrations.
    """

    aws: str
    here: str
    facts: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    state_types: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()
    """How the part of a Resource after `arn:aws:states:` begins, Region and account left out."""


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        aws="Secrets Manager refuses a name with a space.",
        here="moto's Secrets Manager takes any name.",
        facts=("sdk-unmodelled-code-secretsmanager",),
        errors=("SecretsManager.SecretsManagerException",),
        integrations=("aws-sdk:secretsmanager",),
    ),
    Difference(
        aws="A Choice that matches nothing and has no Default is `States.NoChoiceMatched` by the guide, and "
        "`States.Runtime` by what people tell.",
        here="`States.NoChoiceMatched`.",
        errors=("States.NoChoiceMatched",),
    ),
    Difference(
        aws="A ResultPath that can't be applied is `States.ResultPathMatchFailure` by the guide.",
        here="`States.Runtime`.",
        errors=("States.ResultPathMatchFailure",),
    ),
    Difference(
        aws="An intrinsic function that fails is `States.IntrinsicFailure` by the guide.",
        here="`States.Runtime`.",
        errors=("States.IntrinsicFailure",),
    ),
    Difference(
        aws="`States.TaskFailed` may catch `States.DataLimitExceeded`, as `States.ALL` was recorded to do.",
        here="It doesn't.",
        errors=("States.DataLimitExceeded",),
    ),
    Difference(aws="Activities wait for workers.", here="There are none.", integrations=("activity:",)),
    Difference(
        aws="The items of a distributed Map are executions of their own.",
        here="They have histories of their own, but can't be listed.",
        fields=(
            "ItemReader",
            "ItemBatcher",
            "ResultWriter",
            "ToleratedFailureCount",
            "ToleratedFailurePercentage",
        ),
    ),
)


def relied_on(definition: dict[str, Any]) -> Iterator[tuple[str, Difference]]:
    """Yield each thing in a definition that rests on a difference, as `Catch of States.Timeout`."""
    for difference in DIFFERENCES:
        for what, names in (("error", difference.errors), ("field", difference.fields)):
            found = errors_of(definition) if what == "error" else set(_fields(definition))
            yield from ((f"{what} {name}", difference) for name in names if name in found)
        for state in states_of(definition):
            if state.get("Type") in difference.state_types:
                yield f"state type {state['Type']}", difference
            called = integration_of(state)
            if difference.integrations and called.startswith(difference.integrations):
                yield f"integration {called}", difference


def errors_of(definition: dict[str, Any]) -> set[str]:
    """Return every error that a Retry or a Catch names."""
    rules = [
        rule for state in states_of(definition) for rule in (*state.get("Retry", ()), *state.get("Catch", ()))
    ]
    return {error for rule in rules for error in rule["ErrorEquals"]}


def states_of(scope: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every state, those of Maps and Parallels too."""
    for state in scope["States"].values():
        yield state
        inner = [state[field] for field in ("ItemProcessor", "Iterator") if field in state]
        for within in (*inner, *state.get("Branches", ())):
            yield from states_of(within)


def integration_of(state: dict[str, Any]) -> str:
    """Return what a Task calls: `aws-sdk:ecs:listTasks`, `lambda:invoke`, `activity:name`; nothing for other states."""
    _, *rest = str(state.get("Resource", "")).split(":states:", 1)
    return rest[0].split(":", 2)[-1] if rest else ""


def _fields(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _fields(inner)
