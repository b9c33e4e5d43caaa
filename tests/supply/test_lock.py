"""The locks are what pyproject.toml asks for, each package at one version and with its hashes; no network is asked."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EMBEDDED_AWS = tomllib.loads((ROOT / "embedded_aws" / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT, GROUPS = PYPROJECT["project"], PYPROJECT["dependency-groups"]
SANDBOX, CONSOLE = (PROJECT["optional-dependencies"][name] for name in ("sandbox", "console"))

LOCKS: dict[str, list[str]] = {
    "requirements.lock": [*PROJECT["dependencies"], *SANDBOX, *CONSOLE, *GROUPS["lambda"], *GROUPS["dev"]],
    "tools.lock": GROUPS["tools"],
    "site.lock": GROUPS["site"],
    "requirements.txt": GROUPS["lambda"],
    "nag.lock": GROUPS["nag"],
}
"""What each lock is made of."""


@dataclass(frozen=True)
class Locked:
    """One entry of a lock."""

    requirement: Requirement
    text: str

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        (pin,) = self.requirement.specifier
        assert pin.operator == "=="
        return pin.version

    @property
    def is_asked_for(self) -> bool:
        """Whether pyproject.toml names it, and not only another package."""
        return "ecs-drainer (pyproject.toml" in self.text


def locked(name: str) -> list[Locked]:
    text = (ROOT / name).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    return [Locked(Requirement(entry.split("\\\n")[0].strip()), entry) for entry in entries]


def asked_for(lines: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, lines)}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_pyproject_asks_for_and_nothing_that_it_asked_for_once(lock: str) -> None:
    assert {entry.name for entry in locked(lock) if entry.is_asked_for} == set(asked_for(LOCKS[lock]))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_is_one_that_pyproject_allows(lock: str) -> None:
    wanted = asked_for(LOCKS[lock])
    refused = [
        str(entry.requirement)
        for entry in locked(lock)
        if entry.name in wanted and not wanted[entry.name].specifier.contains(entry.version)
    ]
    assert refused == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_one_version_with_hashes(lock: str) -> None:
    assert all(entry.version and "--hash=sha256:" in entry.text for entry in locked(lock))


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_says_where_packages_come_from(lock: str) -> None:
    """That is a setting of whoever installs: an index, a mirror, a folder of wheels."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|^--?(?:index|extra-index|find-links|trusted)", text, re.MULTILINE)


@pytest.mark.parametrize("lock", ["tools.lock", "requirements.txt"])
def test_what_is_in_two_locks_has_one_version(lock: str) -> None:
    """The zip carries what was tested, and the tools go into the same environment."""
    first = {(entry.name, entry.version) for entry in locked("requirements.lock")}
    names = {name for name, _ in first}
    both = {(entry.name, entry.version) for entry in locked(lock) if entry.name in names}
    assert both <= first


def test_the_sandbox_brings_what_the_embedded_aws_asks_for() -> None:
    """It keeps a pyproject.toml of its own, and is in the command's wheel as well."""
    here = asked_for([*PROJECT["dependencies"], *SANDBOX])
    versions = {entry.name: entry.version for entry in locked("requirements.lock")}
    for name, wanted in asked_for(EMBEDDED_AWS["project"]["dependencies"]).items():
        assert wanted.extras <= here[name].extras
        assert wanted.specifier.contains(versions[name])


@pytest.mark.parametrize("pyproject", [PYPROJECT, EMBEDDED_AWS], ids=["ecs-drainer", "embedded-aws"])
def test_what_builds_the_wheels_is_locked_as_well(pyproject: dict[str, Any]) -> None:
    """They are built without a build environment of their own, which nothing would lock."""
    versions = {entry.name: entry.version for entry in locked("requirements.lock")}
    for name, wanted in asked_for(pyproject["build-system"]["requires"]).items():
        assert wanted.specifier.contains(versions[name])
