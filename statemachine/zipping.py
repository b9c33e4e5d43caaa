"""The same files make the same zip, byte for byte, whoever packages them, where and when: anyone can check a release.

Chalice's own has the times of the files, in the order of the folder, and whatever Python left in `__pycache__`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

THE_BEGINNING = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can tell."""


def reproducible_package(original: Any, packager: Any, project_dir: str, python_version: str) -> str:
    """Let Chalice make the functions' zip, and make it the same as ever."""
    file = str(original(packager, project_dir, python_version))
    make_reproducible(Path(file))
    return file


def make_reproducible(file: Path) -> None:
    """Write a zip anew, in order, without times, owners and compiled files; one that is so already is left alone."""
    fresh = file.with_suffix(".tmp.zip")
    with zipfile.ZipFile(file) as found, zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as written:
        for entry in _kept(found):
            written.writestr(_plain(entry), found.read(entry))
    if fresh.read_bytes() == file.read_bytes():
        fresh.unlink()
    else:
        fresh.replace(file)


def _kept(found: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    for entry in sorted(found.infolist(), key=lambda entry: entry.filename):
        if "__pycache__" not in entry.filename.split("/") and not entry.is_dir():
            yield entry


def _plain(entry: zipfile.ZipInfo) -> zipfile.ZipInfo:
    plain = zipfile.ZipInfo(entry.filename, THE_BEGINNING)
    is_program = entry.external_attr >> 16 & 0o100
    plain.external_attr = (0o100755 if is_program else 0o100644) << 16
    plain.create_system = 3  # Unix, wherever it is made: else Lambda would not read the permissions
    plain.compress_type = zipfile.ZIP_DEFLATED
    return plain
