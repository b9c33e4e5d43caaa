"""Differences that stay: which facts show them, and what of a definition would rest on them.

A machine relies on a difference that names what it has: an error in a Catch, Retry or Choice, a field, a type of
state or an integration. Who tests with the embedded AWS looks for these in their own definitions.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One thing that AWS was recorded to do and the embedded AWS doesn't."""

    facts: tuple[str, ...]
    aws: str
    here: str
    errors: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    state_types: tuple[str, ...] = ()
    integrations: tuple[str, ...] = ()
    """How the part of a Resource after `arn:aws:states:::` begins."""


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        facts=("sdk-unmodelled-code-secretsmanager",),
        aws="Secrets Manager refuses a name with a space.",
        here="moto's Secrets Manager takes any name.",
        errors=("SecretsManager.SecretsManagerException",),
        integrations=("aws-sdk:secretsmanager",),
    ),
)
