"""Runs the npm package asl-validator on definitions: `python -m statemachine.asl_validator PROGRAM FILE…`.

It holds JSON schemas of its own against them, and reads their JSONata. `make asl-validator` installs and runs it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

_PROBLEM = re.compile(r"^\s*[A-Z_]{4,}: .*$", re.MULTILINE)
_ONE_OF = re.compile(r": (/States/.*) is invalid\. must match exactly one schema in oneOf$")


def problems(program: Path, path: Path) -> list[str]:
    """Return what asl-validator says of a definition, its false alarms left out."""
    command = [str(program), "--json-path", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # named by our Makefile
    if done.returncode == 0:
        return []
    said = done.stdout + done.stderr
    found = [line.strip() for line in _PROBLEM.findall(said)]
    definition = json.loads(path.read_text(encoding="utf-8"))
    real = [problem for problem in found if not _is_false_alarm(problem, definition)]
    return [f"{path.name}: {problem}" for problem in (real if found else [said.strip() or "it failed"])]


def _is_false_alarm(problem: str, definition: Any) -> bool:
    """asl-validator 4.0.0 takes an empty text neither for an expression nor for a text; Step Functions has both."""
    at = _ONE_OF.search(problem)
    return at is not None and _value(definition, at[1].split("/")[1:]) == ""


def _value(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value.get(step)
        if not isinstance(value, (dict, list)):
            break
    return value


def main(arguments: list[str]) -> int:
    """Print what is wrong with the files; return 1 where anything is, 2 where none was named."""
    program, *files = arguments or [""]
    if not files:
        print("usage: python -m statemachine.asl_validator PROGRAM FILE…", file=sys.stderr)
        return 2
    found = [problem for file in files for problem in problems(Path(program), Path(file))]
    print("\n".join(found) if found else f"{len(files)} checked by asl-validator, nothing to say")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
