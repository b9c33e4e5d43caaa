"""The command as people install it: a wheel, in an environment that has nothing else, far from any clone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.main import COMMANDS
from cli.whereabouts import version
from release.__main__ import make_templates, make_wheel

ROOT = Path(__file__).parents[2]
TREE = "ecs_drainer/tree/"


def run(*command: str, cwd: Path, expected: int = 0, given: Mapping[str, str] | None = None) -> str:
    """Run a command and return all that it prints."""
    kept: Mapping[str, str] = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "DRAINER_", "PYTHON"))
    }
    ran = subprocess.run(  # noqa: S603  # ours
        command,
        cwd=cwd,
        env={**kept, **(given or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == expected, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what is locked and without the network."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


def tracked(*folders: str) -> set[str]:
    listed = run("git", "ls-files", "-co", "--exclude-standard", *folders, cwd=ROOT).split()
    return {name for name in listed if Path(name).name not in {"pyproject.toml", "README.md"}}


def test_a_wheel_carries_what_its_commands_need_and_one_package_alone(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0] for name in carried} == {"ecs_drainer", f"ecs_drainer-{version()}.dist-info"}
    wanted = tracked(
        "app.py",
        ".chalice",
        "chalicelib",
        "cli",
        "embedded_aws",
        "rehearsal",
        "requirements.txt",
        "statemachine",
        "stories",
    )
    assert {name.removeprefix(TREE) for name in carried if name.startswith(TREE)} == wanted


def test_the_same_tree_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=ROOT)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_what_the_wheel_carries_starts_by_itself(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    start = "from ecs_drainer import main; main()"
    given = {"PYTHONPATH": str(tmp_path / "site"), "COLUMNS": "200"}
    assert run(sys.executable, "-c", start, "--version", cwd=tmp_path, given=given).split()[1] == version()
    page = run(sys.executable, "-c", start, "--help", cwd=tmp_path, given=given)
    assert all(entry.sentence in page for entry in COMMANDS)


@pytest.fixture(scope="module")
def released_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make release` makes it, in a copy of the tree: no other test's wheel may find its bundle."""
    tree, folder = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("released")
    for name in run("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).split():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tree / name)
    make_templates(folder, tree)
    make_wheel(folder, tree)
    assert not (tree / "build" / "bundle").exists()
    (built,) = folder.glob("*.whl")
    return built


class Bare:
    """An environment into which nothing but the wheel is installed, and a person's home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._home = folder / "home"
        self._home.mkdir()
        venv.create(folder / "venv", with_pip=True)
        text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
        self._pins = (
            folder / "pins.txt"
        )  # the locked versions, without hashes: those of a wheel just built are unknown
        self._pins.write_text(
            "\n".join(re.findall(r"^[\w.-]+==[^\\\n]+", text, re.MULTILINE)), encoding="utf-8"
        )

    def install(self, what: str) -> None:
        python = str(self.folder / "venv" / "bin" / "python")
        run(python, "-m", "pip", "install", "--quiet", "-c", str(self._pins), what, cwd=self._home)

    def ecs_drainer(self, *arguments: str, expected: int = 0) -> str:
        command = str(self.folder / "venv" / "bin" / "ecs-drainer")
        given = {"HOME": str(self._home), "COLUMNS": "200", "XDG_STATE_HOME": str(self._home / "state")}
        return run(command, *arguments, cwd=self._home, expected=expected, given=given)


@pytest.mark.slow
def test_a_released_wheel_installs_what_it_carries_into_an_account(
    released_wheel: Path, tmp_path: Path
) -> None:
    """From nothing to a deployed stage, without a clone: most of the time is for packages to be fetched."""
    bare = Bare(tmp_path)
    bare.install(f"{released_wheel}[sandbox]")
    bare.ecs_drainer("sandbox", "up", "--bare")
    try:
        assert "is installed as stage dev" in bare.ecs_drainer("install", "--yes", "--sandbox")
        # Nobody has subscribed to its alarms yet.
        assert "0 errors, 1 warning." in bare.ecs_drainer("doctor", "--sandbox")
        assert "It is gone." in bare.ecs_drainer("uninstall", "--yes", "--sandbox")
    finally:
        bare.ecs_drainer("sandbox", "down")


@pytest.mark.slow
def test_it_installs_into_a_bare_environment_and_brings_the_sandbox_up(wheel: Path, tmp_path: Path) -> None:
    """About a minute, most of it for packages to be fetched."""
    bare = Bare(tmp_path)
    bare.install(str(wheel))
    assert bare.ecs_drainer("--version") == f"ecs-drainer {version()}\n"
    for entry in COMMANDS:
        assert entry.sentence in bare.ecs_drainer(entry.name, "--help")
    assert "No AWS Region is set" in bare.ecs_drainer("list", expected=2)
    assert "install `ecs-drainer[sandbox]`" in bare.ecs_drainer("sandbox", "up", expected=1)
    assert "carries no release to install" in bare.ecs_drainer("install", expected=2)
    bare.install(f"{wheel}[sandbox]")
    try:
        up = bare.ecs_drainer("sandbox", "up")
        (instance,) = re.findall(r"ecs-drainer plan (i-\w+)", up)
        assert "0 errors, 1 warning." in bare.ecs_drainer("doctor", "--sandbox")
        assert instance in bare.ecs_drainer("plan", instance, "--sandbox", expected=5)
    finally:
        bare.ecs_drainer("sandbox", "down")
