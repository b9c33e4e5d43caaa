"""Hints that run as they are printed: commands in a sentence get the options that say where they ask. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

NAMED = re.compile(
    r"(?<=`)ecs-drainer (?!sandbox\b|rehears)[^`]+(?=`)|ecs-drainer sign-off [0-9a-f]+$", re.MULTILINE
)
"""A command of ours that a sentence names, or that ends a gate's remedy; the sandbox's own and a rehearsal's ask no
account."""


def where_asked(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the options, as a shell takes them, that point a command where this one was pointed.

    `given` has what stood on the command line: what the environment says, it says the next command too.
    """
    named = () if given.get("in_sandbox") else ("region", "profile")  # the sandbox is neither
    options = [f"--{name} {shlex.quote(given[name])}" for name in ("stage", *named) if given.get(name)]
    return (*options, "--sandbox") if given.get("in_sandbox") else tuple(options)


def runnable(text: str, options: Sequence[str]) -> str:
    """Return a text whose commands have these options, those that they name themselves left out."""
    if not options:
        return text

    def completed(found: re.Match[str]) -> str:
        missing = [option for option in options if option.split()[0] not in found[0].split()]
        return " ".join([found[0], *missing])

    return NAMED.sub(completed, text)
