"""Differences that stay: which facts show them, and what in a definition would rest on them.

A machine relies on a difference where one of its states has the type, or names the error in a Catch, Retry or Choice, or
uses the field or the integration; who tests with the embedded AWS looks for these in their own definitions.
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
    resources: tuple[str, ...] = ()
    """Integrations, as the end of a Task's Resource begins: `aws-sdk:secretsmanager`."""


DIFFERENCES: tuple[Difference, ...] = ()
