"""What is installed: the Lambda zip and the template of a release, as `make release` makes them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.exit_codes import ExitCode
from cli.problems import Halt
from cli.whereabouts import ROOT

FOLDER = ROOT / "bundle"
"""There in an installed command whose wheel `make release` made."""
TEMPLATE, CODE = "template.json", "deployment.zip"
DIGITS = 16
"""Of the zip's SHA-256 in its key: another zip has another key, and functions see that their code is new."""


@dataclass(frozen=True)
class Bundle:
    """A release's template and zip."""

    document: dict[str, Any]
    """The template."""
    code: bytes

    @property
    def release(self) -> str:
        """The version of the release."""
        return str(self.document["Outputs"]["Release"]["Value"])

    @property
    def parameters(self) -> dict[str, dict[str, Any]]:
        """The template's parameters, as it declares them."""
        declared: dict[str, dict[str, Any]] = self.document["Parameters"]
        return declared

    @cached_property
    def template(self) -> str:
        """The template as CloudFormation takes it, without a byte to spare."""
        return json.dumps(self.document, separators=(",", ":"), ensure_ascii=False)

    @cached_property
    def key(self) -> str:
        """The zip's key in a bucket."""
        return f"ecs-drainer/{hashlib.sha256(self.code).hexdigest()[:DIGITS]}/{CODE}"


def read_bundle(folder: Path | None) -> Bundle:
    """Return what is in a folder, or what came with the command; raises Halt where there is nothing, or not all."""
    where = folder or FOLDER
    if folder is None and not where.exists():
        raise Halt(
            "This ecs-drainer carries no release to install: it runs from a clone, or from a wheel that `make release` "
            "did not make",
            "in a clone `chalice deploy` deploys what is there; or `make release`, and then --from dist",
            ExitCode.USAGE,
        )
    try:
        document = json.loads((where / TEMPLATE).read_text(encoding="utf-8"))
        return Bundle(document, (where / CODE).read_bytes())
    except OSError as error:
        sentence = f"{error.filename} can't be read: {error.strerror}"
        raise Halt(
            sentence, f"expected a release's folder, with {TEMPLATE} and {CODE}", ExitCode.USAGE
        ) from error
    except ValueError as error:
        raise Halt(f"{where / TEMPLATE} is not JSON: {error}", code=ExitCode.USAGE) from error
