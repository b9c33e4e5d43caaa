"""The embedded AWS is a package of its own: its README's test runs, and its wheel needs nothing else of here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "embedded_aws"


def first_test() -> str:
    found = re.search(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_test_that_the_readme_opens_with_passes() -> None:
    names: dict[str, object] = {}
    exec(compile(first_test(), "README.md", "exec"), names)  # noqa: S102  # the README's own example
    (test,) = [value for name, value in names.items() if name.startswith("test_") and callable(value)]
    test()


def test_every_folder_is_in_the_package() -> None:
    told = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))
    folders = {
        ".".join((PACKAGE / init).relative_to(PACKAGE.parent).parent.parts)
        for init in PACKAGE.rglob("__init__.py")
    }
    assert set(told["tool"]["setuptools"]["packages"]) == folders


@pytest.mark.slow
def test_a_wheel_runs_the_readmes_test_by_itself(tmp_path: Path) -> None:
    """Who installs the package has no chalicelib, no stories and no command beside it."""
    source = shutil.copytree(PACKAGE, tmp_path / "source")  # setuptools builds beside what it packs
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(tmp_path), str(source)], check=True)  # noqa: S603  # ours
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as carried:
        carried.extractall(tmp_path / "site")
    (tmp_path / "site" / "test_readme.py").write_text(first_test(), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_readme.py"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, cwd=tmp_path / "site", env=environment, capture_output=True, text=True)  # noqa: S603, PLW1510  # ours; asserted below
    assert "1 passed" in done.stdout, done.stdout + done.stderr
