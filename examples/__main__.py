"""`python -m examples list`, `run [NAME] [--input FILE|JSON]`, and `document`, which writes the pages anew."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from examples.catalogue import EXAMPLES, Example
from examples.document import pages
from examples.report import print_heading, show
from statemachine.checks.finding import did_you_mean


def main(arguments: list[str]) -> int:
    """Run what was asked for; return 1 where a good input didn't succeed, 2 where the request can't be read."""
    chosen = _parser().parse_args(arguments)
    console = Console(highlight=False)
    if chosen.command == "list":
        for example in EXAMPLES:
            print_heading(console, example)
        return 0
    if chosen.command == "document":
        for page, text in pages().items():
            page.write_text(text, encoding="utf-8")
        return 0
    try:
        wanted = _wanted(chosen.name)
        own = None if chosen.input is None else _own_input(chosen.input, chosen.name)
    except ValueError as refusal:
        print(refusal, file=sys.stderr)
        return 2
    good = [show(console, example, own) for example in wanted]
    return 0 if all(good) else 1


def _wanted(name: str | None) -> list[Example]:
    names = [example.name for example in EXAMPLES]
    if name is not None and name not in names:
        remedy = did_you_mean(name, names, f"it is one of {', '.join(names)}")
        raise ValueError(f"there is no example {name!r}: {remedy}")
    return [example for example in EXAMPLES if name in (None, example.name)]


def _own_input(given: str, name: str | None) -> Any:
    if name is None:
        raise ValueError(
            '--input is for one example: name it, as in run hello_world --input \'{"name": "Ada"}\''
        )
    text = given
    if given.lstrip()[:1] not in ("{", "[", '"'):
        try:
            text = Path(given).read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError(
                f"--input {given} is no JSON and no file that can be read: {error.strerror}"
            ) from error
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(
            f'--input isn\'t JSON ({error}): write an object such as {{"name": "Ada"}}'
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m examples", description="Small state machines to learn from."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="say what each example shows")
    commands.add_parser("document", help="write the generated parts of the pages anew")
    run = commands.add_parser("run", help="run all examples, or one")
    run.add_argument("name", nargs="?", help="the example; all of them without it")
    run.add_argument("--input", help="an own input: JSON, or a file that holds it")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
