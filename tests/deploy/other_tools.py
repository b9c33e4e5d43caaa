"""Tools for infrastructure as code that are in no lock: `make iac` puts them into build/."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "build" / "iac" / "bin" / "python"
CDK = ROOT / "build" / "cdk" / "node_modules" / ".bin" / "cdk"
SAM = ROOT / "build" / "sam" / "bin" / "sam"
DEPLOY = ROOT / "deploy"

needed = pytest.mark.skipif(not PYTHON.exists(), reason="`make iac` puts the CDK and SAM's translator there")
needs_cdk = pytest.mark.skipif(not CDK.exists(), reason="`make iac` puts the cdk command there, with npm")
needs_sam = pytest.mark.skipif(not SAM.exists(), reason="`make iac` puts the sam command there")


def run(*arguments: str, cwd: Path, given: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """Run that Python and return what it prints to standard output."""
    ran = subprocess.run(  # noqa: S603  # ours
        [str(PYTHON), *arguments],
        cwd=cwd,
        env={**os.environ, **(given or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
