"""A folder as a person has it who took a release and unpacked its wrappers beside it."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from release.__main__ import WRAPPERS, pack
from tests.deploy.other_tools import DEPLOY


def unpacked(released: Path, where: Path) -> Path:
    """Make a folder with the release in dist/ and what its deploy.zip has in deploy/."""
    folder = where / "work"
    dist = Path(shutil.copytree(released, folder / "dist"))
    pack(DEPLOY, dist / WRAPPERS)
    with zipfile.ZipFile(dist / WRAPPERS) as packed:
        packed.extractall(folder)
    return folder
