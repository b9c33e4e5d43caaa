"""Names and choices that mean nothing: one sentence with the field, the value and what was expected, and no zero."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from tests.cli.shell import Shell, shell


@pytest.fixture(scope="module")
def told() -> Iterator[Shell]:
    """One cluster `web`, of one group `web-ecs`, in which nothing was drained yet."""
    with shell(instances=1) as made:
        yield made


INSTANCE = "INSTANCE is {}: expected an EC2 instance id such as i-0123456789abcdef0"
DRAIN = "DRAIN is {}: expected a drain's name or ARN"


@pytest.mark.parametrize(
    ("line", "sentence", "code"),
    [
        ("plan ''", INSTANCE.format("''"), ExitCode.USAGE),
        ("plan 'two words'", INSTANCE.format("'two words'"), ExitCode.USAGE),
        ("drain '\x1b[31m' --yes", INSTANCE.format(r"'\x1b[31m'"), ExitCode.USAGE),
        ("explain ''", INSTANCE.format("''"), ExitCode.USAGE),
        ("cancel ''", INSTANCE.format("''"), ExitCode.USAGE),
        ("history ''", INSTANCE.format("''"), ExitCode.USAGE),
        ("show ''", DRAIN.format("''"), ExitCode.USAGE),
        ("watch ''", DRAIN.format("''"), ExitCode.USAGE),
        ("status ''", DRAIN.format("''"), ExitCode.USAGE),
        ("plan nope", "nope is no container instance of cluster web in eu-west-1", ExitCode.NOT_FOUND),
        (
            "show nope",
            "No drain of stage dev is called nope, and nope is no container instance of cluster web",
            ExitCode.NOT_FOUND,
        ),
        ("fleet status ''", "There is no fleet ''", ExitCode.NOT_FOUND),
        ("fleet status", "No fleet is known to stage dev", ExitCode.NOT_FOUND),
        (
            "fleet plan --asg nope",
            "No container instance fits --asg nope: there is web-ecs",
            ExitCode.NOT_FOUND,
        ),
        ("fleet plan --cluster web --asg ''", "--asg is '': expected a name", ExitCode.USAGE),
        ("fleet plan --cluster web --template not:", "--template is '': expected a name", ExitCode.USAGE),
        (
            f"sign-off {32 * '0'} --refuse --more-time 5",
            "--refuse and --more-time are two answers: give one of them",
            ExitCode.USAGE,
        ),
        ("fleet plan --cluster ''", "--cluster is '': expected an ECS cluster's name or ARN", ExitCode.USAGE),
        (
            "fleet plan --cluster web --older-than 30d",
            "No container instance fits --older-than 30 d: there is one launched at 2026-03-02T10:0",
            ExitCode.NOT_FOUND,
        ),
        ("fleet plan --cluster nope", "There is no ECS cluster nope in eu-west-1", ExitCode.NOT_FOUND),
        ("snapshot --cluster nope -o -", "There is no ECS cluster nope in eu-west-1", ExitCode.NOT_FOUND),
        (
            "snapshot --cluster '' -o -",
            "--cluster is '': expected an ECS cluster's name or ARN",
            ExitCode.USAGE,
        ),
        ("doctor --asg nope", "There is no Auto Scaling group 'nope'\n  the groups here: web-ecs", 4),
        ("enroll --asg ''", "There is no Auto Scaling group ''\n  the groups here: web-ecs", 4),
    ],
)
def test_a_name_of_nothing_gets_a_sentence(told: Shell, line: str, sentence: str, code: int) -> None:
    ran = told.quietly(line)
    assert ran.stderr.startswith(f"Error: {sentence}"), ran.output
    assert ran.exit_code == code
    assert ran.stdout == ""


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("fleet plan --cluster web --max-concurrent 41", "'41': Input should be less than or equal to 40"),
        ("history --limit=-3", "'-3': Input should be greater than or equal to 1"),
        ("rehearse cluster.json --seed nope", "'nope': Input should be a valid integer"),
        ("list -o yaml", "'yaml' is not one of 'text', 'json'."),
    ],
)
def test_a_value_that_typer_refuses_is_named(told: Shell, line: str, sentence: str) -> None:
    ran = told.quietly(line)
    assert sentence in " ".join(re.sub("[│╭╮╰╯─]", "", ran.stderr).split()), ran.stderr
    assert ran.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("written", "why"),
    [(None, "No such file or directory"), (b"\xff\xfe", "expected text in UTF-8")],
)
def test_a_file_that_cannot_be_read_is_named(
    told: Shell, tmp_path: Path, written: bytes | None, why: str
) -> None:
    file = tmp_path / "cluster.json"
    if written is not None:
        file.write_bytes(written)
    ran = told.quietly(f"rehearse {file} --scale-in 1")
    assert ran.stderr.startswith(f"Error: {file} can't be read: {why}; take one with `ecs-drainer snapshot`")
    assert ran.exit_code == ExitCode.USAGE
    paged = told.quietly(f"rehearsal-page {file} --html {tmp_path / 'page.html'}")
    assert why in paged.stderr
    assert paged.exit_code != 0


def test_a_plan_that_cannot_be_kept_as_asked_is_no_success(told: Shell) -> None:
    """What `drain` would refuse with the same options, `plan` says beforehand, with exit code 5 (docs/cli.md)."""
    (instance,) = told.ids
    asked = told.quietly(f"plan {instance} --on-deadline abandon")
    assert "  Against it: --on-deadline can't be kept: 'abandon' needs a lifecycle action" in asked.stdout
    assert asked.exit_code == ExitCode.BLOCKED
    refused = told.quietly(f"drain {instance} --on-deadline abandon --yes --force")
    assert "--on-deadline can't be kept: 'abandon' needs a lifecycle action" in refused.stderr
    assert refused.exit_code == ExitCode.REFUSED
