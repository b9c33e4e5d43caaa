"""What each promise of ecs-drainer rests on: AWS's documentation, a recording, or an assumption with its question."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.first_run.questions import QUESTIONS

ROOT = Path(__file__).parent.parent
DATA = ROOT / "docs" / "promises.toml"
FACTS = ROOT / "embedded_aws" / "conformance" / "facts"
DOCUMENTATION = "https://docs.aws.amazon.com/"
HEAD = """# What each promise rests on

<!-- Written by `python -m docs.generate` from docs/promises.toml; a test checks every name in it. -->

*AWS* is a page of its documentation. A *recording* is a fact of `embedded_aws/conformance`, seen at the real Step
Functions. An *assumption* is one of the [open questions](open-questions.md): the drain is right with either answer, and
`ecs-drainer doctor --first-run` settles it in an account. What the embedded AWS is known to get wrong is listed
[there](embedded-aws.md).

| promise | rests on | shown by |
|---|---|---|
"""


@dataclass(frozen=True)
class Promise:
    """One promise."""

    says: str
    shown: tuple[str, ...]
    documented: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def promises() -> list[Promise]:
    """Return every promise, as docs/promises.toml has them."""
    told = tomllib.loads(DATA.read_text(encoding="utf-8"))["promise"]
    return [Promise(**{key: _frozen(value) for key, value in each.items()}) for each in told]


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def page() -> str:
    """Return docs/promises.md."""
    return HEAD + "".join(f"| {each.says} | {_rests_on(each)} | {_shown(each)} |\n" for each in promises())


def _rests_on(promise: Promise) -> str:
    parts = [f"AWS: [{_title(url)}]({url})" for url in promise.documented]
    parts += [f"recording `{name}`" for name in promise.recorded]
    parts += [f"assumption [{name}](open-questions.md#{name})" for name in promise.assumed]
    return "; ".join(parts)


def _title(url: str) -> str:
    return url.rpartition("/")[2].removesuffix(".html").removeprefix("API_")


def _shown(promise: Promise) -> str:
    return ", ".join(f"[{Path(path).stem}](../{path})" for path in promise.shown)


def faults() -> Iterator[str]:
    """Yield what is wrong with the promises: names that nothing has, and questions that no promise names."""
    known = {each.id for each in QUESTIONS}
    recorded = _recorded()
    for each in promises():
        if not (each.documented or each.recorded or each.assumed):
            yield f"{each.says} rests on nothing: expected documented, recorded or assumed"
        yield from (
            f"{url} is no page of AWS" for url in each.documented if not url.startswith(DOCUMENTATION)
        )
        yield from (f"{name} is no open question" for name in each.assumed if name not in known)
        yield from (f"{name} is no recording" for name in each.recorded if recorded and name not in recorded)
        yield from (f"{path} does not exist" for path in each.shown if not (ROOT / path).exists())
    named = {name for each in promises() for name in each.assumed}
    yield from (f"no promise names the question {name}" for name in sorted(known - named))


def _recorded() -> set[str]:
    """Return the ids of the recordings; empty where this checkout has none."""
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FACTS.glob("*.json"))]
    listed = [each["facts"] if isinstance(each, dict) else each for each in files]
    return {fact["id"] for facts in listed for fact in facts}
