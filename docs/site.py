"""Adapts the documents to the site, as a hook of MkDocs: pages from elsewhere in the repository, their links, the nav.

The documents are written to be read in the repository. On the site README.md is the home page, links to other files
that are pages go there, and links to files that are none, such as tests, become plain text. A link to a file that does
not exist is left as it is, and fails the strict build.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent

ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "examples/README.md": "examples/index.md",
    "embedded_aws/README.md": "embedded-aws-package.md",
    "statemachine/drain.svg": "drain.svg",
    "statemachine/fleet.svg": "fleet.svg",
    **{
        f"examples/{path.parent.name}/README.md": f"examples/{path.parent.name}.md"
        for path in sorted(ROOT.glob("examples/*/README.md"))
    },
}
"""Files outside docs/, as far as they exist, and what they are called on the site."""

OPTIONAL = frozenset({"rehearse.md", "console.md", "proof.md", "security.md", "install/"})
"""Places in the nav that may be empty; any other page that is missing fails the strict build."""

LINK = re.compile(r"(?P<image>!?)\[(?P<words>[^\]]*)\]\((?P<target>[^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)

SOURCES = {site: repository for repository, site in ELSEWHERE.items()}


def on_config(config: Any) -> Any:
    """Complete the nav: folders are their pages, what is optional and missing is left out, the rest is under "More"."""
    pages = _all_pages()
    nav = [entry for entry in map(_filled, config.nav) if entry]
    named = {page for entry in nav for page in _named(entry)}
    rest = sorted(set(pages) - named)
    config.nav = [*nav, *([{"More": rest}] if rest else [])]
    return config


def on_files(files: Any, *, config: Any) -> Any:
    """Add the files that are not in docs/."""
    from mkdocs.structure.files import File  # noqa: PLC0415  # only the site needs MkDocs

    for repository, site in ELSEWHERE.items():
        path = ROOT / repository
        if path.exists():
            files.append(File.generated(config, site, content=path.read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Turn the page's links to files of the repository into links of the site."""
    return with_links(markdown, page.file.src_uri)


def with_links(markdown: str, site: str) -> str:
    """Return a page of the site with its links turned; code blocks stay as they are."""
    at, parts, last = posixpath.dirname(SOURCES.get(site, f"docs/{site}")), list[str](), 0
    for fence in FENCE.finditer(markdown):
        parts += [LINK.sub(lambda link: _turned(link, at, site), markdown[last : fence.start()]), fence[0]]
        last = fence.end()
    return "".join([*parts, LINK.sub(lambda link: _turned(link, at, site), markdown[last:])])


def _turned(link: re.Match[str], at: str, site: str) -> str:
    target, anchor = link["target"].partition("#")[0], "".join(link["target"].partition("#")[1:])
    if not target or "://" in target or target.startswith("mailto:"):
        return link[0]
    file = posixpath.normpath(posixpath.join(at, target))
    to = ELSEWHERE.get(file) or _in_docs(file)
    if to is None:
        return link["words"] if (ROOT / file).exists() else link[0]
    relative = posixpath.relpath(to, posixpath.dirname(site) or ".")
    return f"{link['image']}[{link['words']}]({relative}{anchor})"


def _in_docs(file: str) -> str | None:
    """Return what a file in docs/ is called on the site; a folder is its first page."""
    if not file.startswith("docs/") or not (ROOT / file).exists():
        return None
    name = file.removeprefix("docs/")
    if not (ROOT / file).is_dir():
        return name
    return next((page for page in _pages() if page.startswith(f"{name}/")), None)


def _pages() -> list[str]:
    return sorted(path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md"))


def _all_pages() -> list[str]:
    """Return every page of the site, those from elsewhere in the repository too."""
    elsewhere = (
        site for site, source in SOURCES.items() if site.endswith(".md") and (ROOT / source).exists()
    )
    return sorted({*_pages(), *elsewhere})


def _filled(entry: Any) -> Any:
    """Return an entry of the nav with folders as their pages, or None where it is optional and not there."""
    if isinstance(entry, str):
        return entry
    ((title, to),) = entry.items()
    if isinstance(to, list):
        return {title: [each for each in map(_filled, to) if each]}
    if to.endswith("/"):
        pages = [page for page in _all_pages() if page.startswith(to)]
        return {title: pages} if pages else None
    is_there = (ROOT / SOURCES.get(to, f"docs/{to}")).exists()
    return entry if is_there or to not in OPTIONAL else None


def _named(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
        return
    for to in entry.values():
        yield from (page for each in to for page in _named(each)) if isinstance(to, list) else (to,)
