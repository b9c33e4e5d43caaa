"""`make release`: the wheel, the Lambda zip with its template and its bill of materials, and the checksums, in dist/.

The same tree makes the same bytes: whoever doubts a release makes it again and compares SHA256SUMS.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
BILL_OF_MATERIALS = "deployment.cdx.json"
"""Beside deployment.zip: what is in it, in CycloneDX's form."""


def main() -> None:
    """Make everything anew."""
    shutil.rmtree(DIST, ignore_errors=True)
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(DIST))
    _run(str(Path(sys.executable).with_name("chalice")), "package", "--stage", "dev", str(DIST))
    _write_bill_of_materials(DIST / BILL_OF_MATERIALS)
    (DIST / "SHA256SUMS").write_text(checksums(DIST), encoding="utf-8")
    print((DIST / "SHA256SUMS").read_text(encoding="utf-8"), end="")


def carried() -> str:
    """Return the lock of what the Lambda zip carries: requirements.txt, and Chalice, which packs its own runtime."""
    everything = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    chalice = re.search(r"^chalice==.*?(?=^\S)", everything, re.MULTILINE | re.DOTALL)
    assert chalice
    return (ROOT / "requirements.txt").read_text(encoding="utf-8") + chalice[0]


def checksums(folder: Path) -> str:
    """Return the SHA-256 of every file of a folder, as `sha256sum --check` reads them."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def _write_bill_of_materials(file: Path) -> None:
    cyclonedx = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", "-"]
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--output-file", str(file)]
    _run(*cyclonedx, *options, given=carried())


def _run(*command: str, given: str | None = None) -> None:
    region = {
        "AWS_DEFAULT_REGION": "us-east-1"
    }  # `chalice package` wants one; nothing that it makes names it
    subprocess.run(command, cwd=ROOT, env={**os.environ, **region}, input=given, text=True, check=True)  # noqa: S603  # ours


if __name__ == "__main__":
    main()
