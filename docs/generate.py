"""Writes the generated parts of the documents anew, or says which are stale: `python -m docs.generate [--check]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from chalicelib.policy import settings_table
from statemachine.picture import mermaid, with_picture

ROOT = Path(__file__).parent.parent


def between(document: str, name: str, end: str, content: str) -> str:
    """Return the document with the content between `<!-- name -->` and `<!-- end -->`."""
    start, stop = f"<!-- {name} -->", f"<!-- {end} -->"
    head, found, rest = document.partition(start)
    _, closed, tail = rest.partition(stop)
    if not found or not closed:
        raise SystemExit(f"the markers {start} and {stop} are missing")
    return f"{head}{start}\n{content.rstrip()}\n{stop}{tail}"


def readme() -> tuple[Path, str]:
    """Return the README with its settings table."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    return path, between(text, "table of settings", "end of table", settings_table())


def state_machine() -> tuple[Path, str]:
    """Return the page with the machine's picture."""
    path = ROOT / "docs" / "state-machine.md"
    definition = json.loads((ROOT / "statemachine" / "drain.asl.json").read_text(encoding="utf-8"))
    picture = mermaid(definition, any_error=False)
    return path, with_picture(path.read_text(encoding="utf-8"), "drain.asl.json", picture)


PAGES: tuple[Callable[[], tuple[Path, str]], ...] = (readme, state_machine)


def main() -> int:
    """Write or check every page; returns 1 where a checked one is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where a page is stale"
    )
    check = parser.parse_args().check
    stale = []
    for page in PAGES:
        path, text = page()
        if path.read_text(encoding="utf-8") != text:
            stale.append(path.name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        print(f"no longer true: {', '.join(stale)}; run `make docs`", file=sys.stderr)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
