"""A copy of what `chalice deploy` reads, and the real chalice command in it.

The checkout itself is neither deployed nor written into, so that a `.chalice/deployed` of a real account stays what
it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READ = ("app.py", "requirements.txt", "chalicelib", "statemachine", ".chalice")
LEFT_OUT = shutil.ignore_patterns("deployed", "deployments", "venv", "__pycache__")
WITHIN_SECONDS = 300


class ChaliceFailed(RuntimeError):  # noqa: N818  # reads as the sentence that it carries
    """The chalice command failed; the message has its words."""


def copy_project(to: Path) -> Path:
    """Copy what is read, and nothing that a deployment leaves behind."""
    to.mkdir(parents=True)
    for name in READ:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=LEFT_OUT)
        else:
            shutil.copy(ROOT / name, to / name)
    return to


def run_chalice(
    project: Path, environment: Mapping[str, str], *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the chalice command in a copy of the project, with variables that say which AWS it finds."""
    return subprocess.run(  # noqa: S603  # our own environment's command
        [str(Path(sys.executable).with_name("chalice")), *arguments],
        cwd=project,
        env={**os.environ, **environment},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_SECONDS,
    )


def deploy_project(project: Path, environment: Mapping[str, str]) -> None:
    """Copy the project and deploy it for the stage `dev`; raises ChaliceFailed."""
    ran = run_chalice(copy_project(project), environment, "deploy", "--stage", "dev")
    if ran.returncode:
        raise ChaliceFailed(f"`chalice deploy` failed:\n{(ran.stdout + ran.stderr)[-2_000:]}")
