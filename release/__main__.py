"""`make release`: the Lambda zip with its templates and its bill of materials, the wheel, and the checksums, in dist/.

The wheel carries zip and template, which `ecs-drainer install` deploys.

The same tree makes the same bytes: whoever doubts a release makes it again and compares SHA256SUMS.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from cli.whereabouts import version
from release.anystage import CODE, for_any_stage, plain
from statemachine.zipping import make_reproducible

ROOT = Path(__file__).parent.parent
DIST = ROOT / "dist"
BILL_OF_MATERIALS = "deployment.cdx.json"
"""Beside deployment.zip: what is in it, in CycloneDX's form."""
WRAPPERS = "deploy.zip"
"""The Terraform module, the CDK construct and the SAM application."""
BUNDLE = Path("build", "bundle")
"""Where in the tree the wheel finds what it takes along; see pyproject.toml."""
SAM, PLAIN = "sam.json", "template.json"
APP, STAGE = "ecs-drainer", "dev"


def main() -> None:
    """Make everything anew."""
    shutil.rmtree(DIST, ignore_errors=True)
    make_templates(DIST)
    make_wheel(DIST)
    pack(ROOT / "deploy", DIST / WRAPPERS)
    _write_bill_of_materials(DIST / BILL_OF_MATERIALS)
    (DIST / "SHA256SUMS").write_text(checksums(DIST), encoding="utf-8")
    print((DIST / "SHA256SUMS").read_text(encoding="utf-8"), end="")


def make_templates(folder: Path, tree: Path = ROOT) -> None:
    """Make the zip and both templates of a tree in a folder: SAM's, and the plain one."""
    _run(str(Path(sys.executable).with_name("chalice")), "package", "--stage", STAGE, str(folder), cwd=tree)
    write_templates(folder)


def write_templates(folder: Path) -> None:
    """Write both templates where `chalice package` has left its own for one stage."""
    packaged = json.loads((folder / SAM).read_text(encoding="utf-8"))
    sam = for_any_stage(packaged, APP, STAGE, version())
    for name, document in ((SAM, sam), (PLAIN, plain(sam))):
        (folder / name).write_text(_as_text(document), encoding="utf-8")


def make_wheel(folder: Path, tree: Path = ROOT) -> None:
    """Make the wheel of a tree in a folder, with the zip and the plain template that are there."""
    bundle = tree / BUNDLE
    shutil.rmtree(bundle, ignore_errors=True)
    bundle.mkdir(parents=True)
    try:
        for name in (CODE, PLAIN):
            shutil.copy(folder / name, bundle / name)
        _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=tree)
    finally:
        shutil.rmtree(bundle)  # a wheel that is built by itself must not carry an old one


def pack(folder: Path, file: Path) -> None:
    """Pack a folder into a zip, without what its tools leave there; the same files make the same zip."""
    with zipfile.ZipFile(file, "w") as written:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder.parent)
            if path.is_file() and not any(
                part.startswith(".") or part in LEFT_BY_TOOLS for part in inside.parts
            ):
                written.write(path, inside)
    make_reproducible(file)


LEFT_BY_TOOLS = {"__pycache__", "cdk.out", "terraform.tfstate", "terraform.tfstate.backup", "packaged.yaml"}


def _as_text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


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


def _run(*command: str, given: str | None = None, cwd: Path = ROOT) -> None:
    # `chalice package` wants a Region; nothing that it makes names it.
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run(command, cwd=cwd, env=environment, input=given, text=True, check=True)  # noqa: S603  # ours


if __name__ == "__main__":
    main()
