"""The command starts quickly: a help page or a completion waits for nothing that only a command needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.lazily import Entry
from cli.main import COMMANDS, app
from cli.whereabouts import version

ROOT = Path(__file__).parents[2]
SLOW = {"boto3", "botocore", "chalice", "chalicelib", "embedded_aws", "jinja2", "moto", "stories", "urllib3"}
"""What takes most of the time that a command takes to start: 300 ms are enough without."""


def imported_by(*arguments: str, **environment: str) -> set[str]:
    """Return the top-level modules that a call of the command has imported at its end."""
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr))\n"
        "from cli.main import run\n"
        "run()\n"
    )
    ran = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout
    return set(ran.stderr.split())


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("--show-completion", "bash")], ids="".join
)
def test_what_asks_no_aws_imports_nothing_of_it(arguments: tuple[str, ...]) -> None:
    # Under make the shell that is found is sh, which has no completion: typer is told which one it is for.
    imported = imported_by(*arguments, _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "typer" in imported
    assert imported & SLOW == set()


def test_completing_a_commands_name_imports_no_command() -> None:
    asked = {"_ECS_DRAINER_COMPLETE": "complete_bash", "COMP_WORDS": "ecs-drainer pl", "COMP_CWORD": "1"}
    assert imported_by(**asked) & SLOW == set()


@pytest.mark.parametrize(
    ("words", "offered"),
    [("pl", "plan"), ("fleet ca", "cancel"), ("drain --on-d", "--on-deadline"), ("list --output j", "json")],
)
def test_shells_complete_commands_options_and_values(words: str, offered: str) -> None:
    asked = {
        "_ECS_DRAINER_COMPLETE": "complete_bash",
        "COMP_WORDS": f"ecs-drainer {words}",
        "COMP_CWORD": str(len(words.split())),
    }
    ran = CliRunner().invoke(app, [], prog_name="ecs-drainer", env=asked)
    assert ran.output.split() == [offered]


@pytest.mark.parametrize("entry", COMMANDS, ids=[entry.name for entry in COMMANDS])
def test_the_help_page_says_of_a_command_what_the_command_says_of_itself(entry: Entry) -> None:
    """The page is written without importing the commands, so the sentences are in both places."""
    command = entry.load()
    assert command.help.split("\n\n")[0].replace("\n", " ") == entry.sentence
    assert command.name == entry.name


def test_the_version_is_pyprojects() -> None:
    ran = CliRunner().invoke(app, ["--version"])
    assert ran.output == f"ecs-drainer {version()}\n"
    assert f'version = "{version()}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
