"""How a deployment says no: in sentences, with a non-zero exit code and without a stack trace."""

from __future__ import annotations

from collections.abc import Sequence

import click


class DeploymentRefused(click.ClickException):
    """The deployment can't go on; the message says why, and what to do about it.

    A `click.ClickException`, because the chalice command prints those as `Error: ...` and exits with 1, where
    it prints the stack trace of anything else.
    """

    def __init__(self, headline: str, reasons: Sequence[str] = ()) -> None:
        super().__init__("\n".join([headline, *(f"  - {reason}" for reason in reasons)]))
