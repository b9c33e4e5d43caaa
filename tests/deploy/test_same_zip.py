"""What is packaged twice is the same twice, byte for byte, so that anybody can check a release against its tree."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from chalice import __version__ as chalice_version

from embedded_aws.server import Server
from release.__main__ import ROOT, carried, checksums, pack
from statemachine.zipping import make_reproducible
from stories.project import LEFT_OUT
from tests.deploy.conftest import Project


@pytest.mark.deploy
def test_another_clone_at_another_time_packages_the_same_bytes(
    built: Path, tmp_path: Path, server: Server
) -> None:
    other = Path(shutil.copytree(built, tmp_path / "elsewhere", ignore=_what_was_packaged))
    for file in other.rglob("*.py"):
        os.utime(file, (1_600_000_000, 1_600_000_000))
        file.chmod(0o600)
    compiled = other / "chalicelib" / "__pycache__" / "left_over.cpython-311.pyc"
    compiled.parent.mkdir()
    compiled.write_bytes(b"of whichever Python ran here")
    Project(other, server).chalice("package", str(other / "packaged"))
    for name in ("deployment.zip", "sam.json"):
        assert (other / "packaged" / name).read_bytes() == (built / "packaged" / name).read_bytes(), name


def _what_was_packaged(folder: str, names: list[str]) -> set[str]:
    return {*LEFT_OUT(folder, names)} | ({"packaged"} & set(names))


def zipped(file: Path, *entries: tuple[str, int]) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for number, (name, mode) in enumerate(entries):
            entry = zipfile.ZipInfo(name, (2026, 1, 1 + number, 12, 0, 0))
            entry.external_attr = mode << 16
            archive.writestr(entry, name)
    return file


def test_neither_order_nor_time_nor_owner_shows(tmp_path: Path) -> None:
    one = zipped(tmp_path / "one.zip", ("app.py", 0o100600), ("chalicelib/look.py", 0o100664))
    other = zipped(tmp_path / "other.zip", ("chalicelib/look.py", 0o100644), ("app.py", 0o100644))
    make_reproducible(one)
    make_reproducible(other)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.zip", "other.zip"]


def test_programs_stay_programs_and_all_else_is_readable(tmp_path: Path) -> None:
    file = zipped(
        tmp_path / "a.zip", ("vendor/tool", 0o100700), ("app.py", 0o100600), ("__pycache__/a.pyc", 0o100644)
    )
    make_reproducible(file)
    modes = {entry.filename: entry.external_attr >> 16 for entry in zipfile.ZipFile(file).infolist()}
    assert modes == {"app.py": 0o100644, "vendor/tool": 0o100755}


def test_a_zip_that_is_so_already_is_left_alone(tmp_path: Path) -> None:
    """Chalice reuses the zip of an unchanged tree."""
    file = zipped(tmp_path / "a.zip", ("app.py", 0o100644))
    make_reproducible(file)
    before = file.stat()
    make_reproducible(file)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.deploy
def test_the_bill_of_materials_is_of_all_that_the_zip_carries(built: Path) -> None:
    """Chalice packs its runtime without saying so; `make release` writes the bill from this list."""
    listed = {
        (name.replace("-", "_"), version)
        for name, version in re.findall(r"^([\w-]+)==(\S+)", carried(), re.M)
    }
    names = zipfile.ZipFile(built / "packaged" / "deployment.zip").namelist()
    found = {tuple(name.split(".dist-info/")[0].rsplit("-", 1)) for name in names if ".dist-info/" in name}
    assert {name.split("/")[0] for name in names} >= {"chalice", "jmespath"}
    assert found == {(name, version) for name, version in listed if name != "chalice"}
    assert ("chalice", chalice_version) in listed


def test_checksums_are_as_sha256sum_writes_them(tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"")
    (tmp_path / "a.json").write_bytes(b"abc")
    assert checksums(tmp_path) == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.json\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b.zip\n"
    )


def test_a_release_packs_every_wrapper_and_nothing_that_their_tools_leave(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ROOT / "deploy", tmp_path / "deploy"))
    pack(folder, tmp_path / "a.zip")
    for left in (
        "terraform/.terraform/providers/x",
        "terraform/terraform.tfstate",
        "cdk/example/cdk.out/a.json",
    ):
        (folder / left).parent.mkdir(parents=True, exist_ok=True)
        (folder / left).write_text("")
    pack(folder, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    names = set(zipfile.ZipFile(tmp_path / "a.zip").namelist())
    assert names >= {
        "deploy/terraform/main.tf",
        "deploy/cdk/ecs_drainer_cdk/__init__.py",
        "deploy/sam/template.yaml",
    }
