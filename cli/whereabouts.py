"""Where the command's own files are: in a clone of the repository, or in the tree that the wheel carries."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""Where `cli`, `chalicelib`, `statemachine`, `app.py` and `.chalice` lie side by side."""

PYPROJECT = ROOT / "pyproject.toml"
"""There in a clone alone."""


def sandbox_folder() -> Path:
    """Return where the sandbox's files lie: in the clone, or where this user's programs keep their state."""
    if PYPROJECT.exists():
        return ROOT / ".sandbox"
    kept = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(kept) / "ecs-drainer" / "sandbox"


def version() -> str:
    """Return the version of this clone, or of what is installed."""
    if PYPROJECT.exists():
        import tomllib  # noqa: PLC0415  # most calls don't ask

        return str(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["version"])
    from importlib import metadata  # noqa: PLC0415  # as above

    return metadata.version("ecs-drainer")
