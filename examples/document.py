"""The generated parts of the pages: the index's table and transcript, and each example's picture."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

from rich.console import Console

from examples.catalogue import EXAMPLES, HERE, example_named
from examples.report import show
from statemachine.picture import mermaid, with_picture

_TABLE = re.compile(r"(<!-- table -->\n).*?(<!-- end of table -->)", re.DOTALL)
_TRANSCRIPT = re.compile(r"(<!-- transcript of ([\w ]+) -->\n).*?(<!-- end of transcript -->)", re.DOTALL)


def pages() -> dict[Path, str]:
    """Return what each page should say, by its path: what stands between markers made anew, all else as it is."""
    documents = {HERE / "README.md": _index((HERE / "README.md").read_text(encoding="utf-8"))}
    for example in EXAMPLES:
        page = example.folder / "README.md"
        picture = mermaid(json.loads(example.definition_text))
        documents[page] = with_picture(page.read_text(encoding="utf-8"), f"{example.name}.asl.json", picture)
    return documents


def transcript(names: list[str]) -> str:
    """Return what `python -m examples run` prints for these examples into a pipe."""
    console = Console(file=io.StringIO(), highlight=False, width=110)
    for name in names:
        show(console, example_named(name))
    written: io.StringIO = console.file  # type: ignore[assignment]  # it is the StringIO above
    return written.getvalue()


def _index(text: str) -> str:
    rows = "".join(
        f"| [{example.name}]({example.name}/README.md) | {example.shows} |\n" for example in EXAMPLES
    )
    text = _TABLE.sub(lambda found: f"{found[1]}\n| example | shows |\n|---|---|\n{rows}\n{found[2]}", text)
    return _TRANSCRIPT.sub(
        lambda found: f"{found[1]}\n```\n{transcript(found[2].split()).rstrip()}\n```\n\n{found[3]}", text
    )
