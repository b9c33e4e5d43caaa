"""Every setting of the policy's table is an option of the commands that begin drains or enroll groups."""

from __future__ import annotations

import pytest

from chalicelib.policy import SETTINGS
from cli.main import COMMANDS

BEGINNERS = ("plan", "drain", "fleet plan", "fleet drain", "enroll")


def options_of(name: str) -> set[str]:
    first, _, sub = name.partition(" ")
    (entry,) = (each for each in COMMANDS if each.name == first)
    command = entry.load()
    return {flag for each in (command.commands[sub] if sub else command).params for flag in each.opts}


@pytest.mark.parametrize("name", BEGINNERS)
def test_each_setting_has_an_option(name: str) -> None:
    wanted = {
        f"--{setting.name.replace('_', '-')}"
        for setting in SETTINGS
        if name != "enroll" or not (setting.manual_only or setting.name == "cluster")
    }
    assert wanted <= options_of(name)
    assert ("--then" in options_of(name)) is (name != "enroll"), "a hook's drain is nobody's manual request"
