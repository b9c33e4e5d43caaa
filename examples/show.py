"""Runs an example with its inputs, or with the caller's own, and prints each run."""

from __future__ import annotations

import logging
from typing import Any

from rich.console import Console

from examples.catalogue import Example
from examples.laboratory import laboratory
from examples.report import print_effects, print_heading, print_run


def show(console: Console, example: Example, own: Any | None = None) -> bool:
    """Run an example with its inputs, or with the caller's own; return whether the good ones succeeded."""
    # moto reports each Fail state as an error of its own; what is printed here says what happened.
    logging.getLogger("moto").setLevel(logging.CRITICAL)
    print_heading(console, example)
    good = True
    for source, given in ({"own input": own} if own is not None else example.inputs()).items():
        with laboratory(example) as lab:
            run = lab.run(given)
            effects = lab.resources.effects()
        print_run(console, example, source, run)
        print_effects(console, effects)
        good = good and (run.succeeded or source.startswith("bad"))
    console.print()
    return good
