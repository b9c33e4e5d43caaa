"""The part of `docs/embedded-aws.md` that tells how far the embedded AWS agrees with recordings of AWS."""

from __future__ import annotations

from embedded_aws.conformance import DIFFERENCES, Difference, facts
from embedded_aws.conformance.table import expected, summary, table

BEFORE = {
    "api": 14,
    "callback": 5,
    "catch": 4,
    "choice": 8,
    "context": 3,
    "fail": 4,
    "heartbeat": 1,
    "integration-errors": 2,
    "integrations": 1,
    "intrinsics": 1,
    "jsonata": 15,
    "lambda": 3,
    "map": 3,
    "nested": 3,
    "parallel": 4,
    "paths": 4,
    "retry": 2,
    "sdk-errors": 4,
    "timeout": 3,
    "variables": 8,
    "wait": 12,
}
"""How many agreed when they were first run, before anything was mended for them."""

FOR_A_DRAIN = {
    "SecretsManager.SecretsManagerException": "Nothing: no drain calls Secrets Manager.",
    "States.NoChoiceMatched": "Nothing: every Choice has a Default.",
    "States.ResultPathMatchFailure": "Nothing: the machines are JSONata, which has no ResultPath.",
    "States.IntrinsicFailure": "Nothing: the machines are JSONata, which has no intrinsic functions.",
    "States.DataLimitExceeded": "A result too large is caught by `States.ALL`, without a retry; AWS might retry first.",
    "activity:": "Nothing: no drain uses activities.",
    "ItemReader": "Nothing: its Maps are inline.",
}
"""By the first thing that a machine would rely on."""


def recordings() -> str:
    """Return the table of facts by topic, and the differences with what they mean for a drain."""
    words = expected(facts())
    lines = [
        f"{len(words)} facts, taken from recordings of the real Step Functions with their dates and places (one from "
        "what a person told; `embedded_aws/conformance/facts/`), are run by `python -m embedded_aws.conformance`. "
        f"{summary(words)} {sum(BEFORE.values())} agreed before.",
        "",
        table(words, BEFORE),
        "",
        "What differs, or may:",
        "",
        "| AWS | here | for a drain |",
        "|---|---|---|",
        *(_line(difference) for difference in DIFFERENCES),
        "",
        "The drain relies on none of it: no error of these stands in its Retry or Catch, and it has none of these "
        "fields, types of state and integrations (`tests/conformance/test_reliance.py`).",
    ]
    return "\n".join(lines)


def named(difference: Difference) -> str:
    """Return the first thing of a definition that would rely on a difference."""
    return (*difference.errors, *difference.fields, *difference.state_types, *difference.integrations)[0]


def _line(difference: Difference) -> str:
    shown = f" (`{'`, `'.join(difference.facts)}`)" if difference.facts else ""
    return f"| {difference.aws}{shown} | {difference.here} | {FOR_A_DRAIN[named(difference)]} |"
