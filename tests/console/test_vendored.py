"""The front-end libraries are what their makers published: the table beside them says which, with their checksums."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "cli" / "console" / "static" / "vendor"


def test_each_is_listed_with_its_version_licence_and_checksum() -> None:
    listed = dict(
        re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (FOLDER / "SOURCES.md").read_text(), re.M)
    )
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FOLDER.glob("*.js")}
    assert listed == there
