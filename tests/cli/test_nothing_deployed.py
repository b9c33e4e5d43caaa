"""Where nothing is deployed, every command that reads the deployment says so, and which command helps."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from cli.exit_codes import ExitCode
from cli.main import COMMANDS
from tests.cli.shell import Shell, shell

TASK = "0123456789abcdef0123456789abcdef"
ELSEWHERE = {"sandbox", "install", "uninstall", "snapshot", "rehearse", "rehearsal-page", "console"}
"""Commands that ask no AWS, those that deploy, and those that need nothing of ours there."""

COMMAND_LINES: list[tuple[str, str, ExitCode]] = [
    ("plan", "plan @0", ExitCode.OK),
    ("drain", "drain @0 --yes", ExitCode.NOT_FOUND),
    ("drain", "drain @0 --dry-run", ExitCode.NOT_FOUND),
    ("explain", "explain @0", ExitCode.OK),
    ("cancel", "cancel @0 --yes", ExitCode.NOT_FOUND),
    ("sign-off", f"sign-off {TASK}", ExitCode.NOT_FOUND),
    ("sign-off", f"sign-off {TASK} --more-time 5", ExitCode.NOT_FOUND),
    ("status", "status", ExitCode.NOT_FOUND),
    ("status", "status @0", ExitCode.NOT_FOUND),
    ("list", "list", ExitCode.NOT_FOUND),
    ("list", "list --output json", ExitCode.NOT_FOUND),
    ("watch", "watch", ExitCode.NOT_FOUND),
    ("watch", "watch @0", ExitCode.NOT_FOUND),
    ("history", "history", ExitCode.NOT_FOUND),
    ("history", "history @0", ExitCode.NOT_FOUND),
    ("show", "show @0", ExitCode.NOT_FOUND),
    ("show", "show some-drain", ExitCode.NOT_FOUND),
    ("show", "show fleet-20260302T100300Z", ExitCode.NOT_FOUND),
    ("enroll", "enroll --asg web-ecs --dry-run", ExitCode.OK),
    ("enroll", "enroll --asg web-ecs", ExitCode.OK),
    ("doctor", "doctor", ExitCode.PROBLEMS_FOUND),
    ("fleet plan", "fleet plan @0", ExitCode.OK),
    ("fleet drain", "fleet drain @0 --yes", ExitCode.NOT_FOUND),
    ("fleet drain", "fleet drain --cluster web --dry-run", ExitCode.NOT_FOUND),
    ("fleet cancel", "fleet cancel fleet-20260302T100300Z --yes", ExitCode.NOT_FOUND),
    ("fleet status", "fleet status", ExitCode.NOT_FOUND),
    ("fleet status", "fleet status fleet-20260302T100300Z", ExitCode.NOT_FOUND),
    ("fleet list", "fleet list", ExitCode.NOT_FOUND),
]
"""What needs the deployed stage ends with 4; what only reads AWS goes on, and says it beside its result."""


@pytest.fixture(scope="module")
def told() -> Iterator[Shell]:
    with shell() as opened:
        yield opened


@pytest.mark.parametrize(
    ("_command", "line", "code"), COMMAND_LINES, ids=[line for _, line, _ in COMMAND_LINES]
)
def test_it_is_said_with_the_command_that_helps(
    told: Shell, _command: str, line: str, code: ExitCode
) -> None:
    line = line.replace("@0", told.ids[0])
    ran = told.quietly(f"{line} --stage prod")
    assert ran.exit_code == code, ran.output
    said = ran.stdout if line == "doctor" else ran.stderr
    assert "othing is deployed" in said
    assert "chalice deploy --stage prod" in said
    assert "Exception" not in ran.output
    assert "DoesNotExist" not in ran.output


def test_the_table_has_every_command() -> None:
    """A command that is added is asked the same."""
    names = set()
    for entry in COMMANDS:
        inner = getattr(entry.load(), "commands", None)
        names |= {entry.name} if inner is None else {f"{entry.name} {name}" for name in inner}
    asked = {name for name in names if name.split()[0] not in ELSEWHERE}
    assert asked == {command for command, _, _ in COMMAND_LINES}


def test_a_part_that_is_missing_is_told_as_that(told: Shell) -> None:
    """The functions are there: deploying anew isn't all that there is to say, and doctor looks at each part."""
    boto3.client("dynamodb").delete_table(TableName="ecs-drainer-dev-ledger")
    ran = told.quietly("list")
    assert ran.exit_code == ExitCode.NOT_FOUND
    assert "`ecs-drainer doctor` says what is missing" in ran.stderr
