"""Writes the generated parts of the documents anew, or says which are stale: `python -m docs.generate [--check]`.

With `--demo` also the demo's transcript, whole and in part, which takes half a minute: the demo is run for it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chalicelib.policy import settings_table
from cli.first_run import questions
from docs import promises
from docs.conformance import recordings
from docs.picture import picture, ways_in_words

ROOT = Path(__file__).parent.parent

RECORDED = "What happened when, as AWS recorded it"
SHOWN = re.compile("begins|set DRAINING|is DEACTIVATING|is STOPPED:|CONTINUE|terminated")
"""What of the demo's timeline the README shows."""

OTHERS = (("docs.gallery",), ("cli.help_pages",), ("examples", "document"))
"""Modules that write pages of their own, as arguments of `python -m`; tests of their own compare them."""


def between(document: str, name: str, end: str, content: str) -> str:
    """Return the document with the content between `<!-- name -->` and `<!-- end -->`."""
    start, stop = f"<!-- {name} -->", f"<!-- {end} -->"
    head, found, rest = document.partition(start)
    _, closed, tail = rest.partition(stop)
    if not found or not closed:
        raise SystemExit(f"the markers {start} and {stop} are missing")
    return f"{head}{start}\n{content.rstrip()}\n{stop}{tail}"


def settings() -> tuple[Path, str]:
    """Return the README with its settings table."""
    return _with_settings(ROOT / "README.md")


def page_of_settings() -> tuple[Path, str]:
    """Return the page of settings with its table."""
    return _with_settings(ROOT / "docs" / "settings.md")


def _with_settings(path: Path) -> tuple[Path, str]:
    page = path.read_text(encoding="utf-8")
    return path, between(page, "table of settings", "end of table", settings_table())


def transcript() -> tuple[Path, str]:
    """Return the demo's page with what `make demo` says; runs the demo."""
    return with_transcript(_demo())


def excerpt() -> tuple[Path, str]:
    """Return the README with a part of what `make demo` says; the demo is run once for both."""
    return with_excerpt(_demo())


@cache
def _demo() -> str:
    with TemporaryDirectory() as folder:
        written = Path(folder) / "transcript"
        command = [sys.executable, "-m", "stories.demo", "--transcript", str(written)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own module
        return written.read_text(encoding="utf-8")


def with_transcript(lines: str) -> tuple[Path, str]:
    """Return the demo's page with these lines of `make demo`."""
    path = ROOT / "docs" / "demo.md"
    block = f"```text\n$ make demo\n{lines.rstrip()}\n```"
    page = path.read_text(encoding="utf-8")
    return path, between(page, "transcript of the demo", "end of transcript", block)


def with_excerpt(lines: str) -> tuple[Path, str]:
    """Return the README with what matters most in these lines: what AWS recorded, from the first state to the last."""
    path = ROOT / "README.md"
    recorded = lines[lines.index(RECORDED) :].split("\n\n", maxsplit=1)[0].splitlines()[1:]
    block = "\n".join(["```text", "$ make demo", "…", *filter(SHOWN.search, recorded), "```"])
    return path, between(path.read_text(encoding="utf-8"), "excerpt of the demo", "end of excerpt", block)


def fleet() -> tuple[Path, str]:
    """Return the page of fleets with what one says; the transcript is approved in the tests."""
    path = ROOT / "docs" / "fleets.md"
    lines = (ROOT / "tests/cli/transcripts/a-zone-is-emptied.txt").read_text(encoding="utf-8")
    block = f"```text\n{lines.rstrip()}\n```"
    return path, between(
        path.read_text(encoding="utf-8"), "transcript of a fleet", "end of transcript", block
    )


def open_questions() -> tuple[Path, str]:
    """Return the page of what AWS does not document."""
    return ROOT / "docs" / "open-questions.md", questions.page()


def what_promises_rest_on() -> tuple[Path, str]:
    """Return the page of what each promise rests on."""
    return ROOT / "docs" / "promises.md", promises.page()


def definition(name: str) -> dict[str, Any]:
    """Return a state machine's definition, `drain` or `fleet`."""
    found: dict[str, Any] = json.loads(
        (ROOT / "statemachine" / f"{name}.asl.json").read_text(encoding="utf-8")
    )
    return found


def drain_picture() -> tuple[Path, str]:
    """Return the picture of the drain's machine."""
    return ROOT / "statemachine" / "drain.svg", picture(definition("drain"), "The drain's state machine")


def fleet_picture() -> tuple[Path, str]:
    """Return the picture of the fleet's machine."""
    return ROOT / "statemachine" / "fleet.svg", picture(definition("fleet"), "The fleet's state machine")


def state_machine() -> tuple[Path, str]:
    """Return the page about the machines, with their ways in words."""
    path = ROOT / "docs" / "state-machine.md"
    page = path.read_text(encoding="utf-8")
    for name in ("drain", "fleet"):
        page = between(
            page, f"ways of {name}.asl.json", "end of ways", f"\n{ways_in_words(definition(name))}\n"
        )
    return path, page


def embedded_aws() -> tuple[Path, str]:
    """Return the page on the embedded AWS with what recordings of AWS say of it."""
    path = ROOT / "docs" / "embedded-aws.md"
    page = path.read_text(encoding="utf-8")
    return path, between(page, "recordings of AWS", "end of recordings", recordings())


def bring_up_to_date(page: Callable[[], tuple[Path, str]], *, check: bool) -> bool:
    """Write a page anew, or with `check` only compare; returns whether it was up to date."""
    path, text = page()
    is_true = path.exists() and path.read_text(encoding="utf-8") == text
    if not is_true and not check:
        path.write_text(text, encoding="utf-8")
    return is_true


def main() -> int:
    """Write or check every page; returns 1 where a checked one is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where a page is stale"
    )
    parser.add_argument("--demo", action="store_true", help="the demo's transcript too")
    given = parser.parse_args()
    pages = [
        settings,
        page_of_settings,
        fleet,
        open_questions,
        what_promises_rest_on,
        drain_picture,
        fleet_picture,
        state_machine,
        embedded_aws,
        *([transcript, excerpt] if given.demo else []),
    ]
    stale = [page.__name__ for page in pages if not bring_up_to_date(page, check=given.check)]
    if not given.check:
        for module in OTHERS:
            subprocess.run([sys.executable, "-m", *module], cwd=ROOT, check=True)  # noqa: S603  # our own modules
    if given.check and stale:
        print(f"no longer true: {', '.join(stale)}; run `make docs`", file=sys.stderr)
    return 1 if given.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
