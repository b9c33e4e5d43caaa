"""The machine's picture with what was executed on it. `statemachine/drain.svg` is laid out when it is written; what
happens here is to light its states and ways by classes, and to list what it lacks. Its style goes into the page's own:
a content security policy that allows no style within the page allows none within a picture either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from chalicelib.explain.words import count
from cli.audit import Visit
from cli.changes import WAIT_FOR_EVENTS

PICTURE = Path(__file__).parents[2] / "statemachine" / "drain.svg"
SVG = "{http://www.w3.org/2000/svg}"

ElementTree.register_namespace("", SVG.strip("{}"))


@dataclass(frozen=True, slots=True)
class Executed:
    """What the machine did in one state."""

    name: str
    first: int
    """The number of its first visit, which the page links to."""
    times: int
    failed_attempts: int
    is_current: bool
    """Whether the machine is in it."""
    is_bad: bool
    """Whether attempts failed, or the machine failed in it."""

    @property
    def classes(self) -> str:
        """What lights it."""
        found = {"visited": True, "failed": self.is_bad, "current": self.is_current}
        return "".join(f" {name}" for name, is_so in found.items() if is_so)

    @property
    def badge(self) -> str:
        """The same for those who don't see colours: `✓`, `!` or `…`, and how often."""
        sign = "…" if self.is_current else "!" if self.is_bad else "✓"
        return sign if self.times == 1 else f"{sign}{self.times}" if self.times < 1000 else f"{sign}999+"

    @property
    def label(self) -> str:
        """What its link is called: what is to be seen of it first, as those expect who say it aloud."""
        return f"{self.name} {self.badge}{self.words.removeprefix(self.name)}"

    @property
    def words(self) -> str:
        """The same in words."""
        failed = [count(self.failed_attempts, "failed attempt")] if self.failed_attempts else []
        current = ["the machine is in it"] if self.is_current else []
        return ", ".join([self.name, f"executed {count(self.times, 'time')}", *failed, *current])


@dataclass(frozen=True, slots=True)
class Lit:
    """The picture of one drain."""

    svg: str
    states: int
    """How many the picture has."""
    executed: int
    """How many of them the machine was in."""
    others: tuple[Executed, ...]
    """States of the definition of another release, which the picture lacks."""


@cache
def _source() -> str:
    return PICTURE.read_text(encoding="utf-8")


@cache
def style() -> str:
    """Return the picture's own style sheet."""
    return ElementTree.fromstring(_source()).findtext(f"{SVG}style", "").strip() + "\n"  # noqa: S314  # our own file


def light(visits: Sequence[Visit], *, is_open: bool, steps_at: str = "") -> Lit:
    """Return the picture with what these visits went through, without its style.

    `steps_at`: the address of the page with the visits one by one, where that is another page.
    """
    picture = ElementTree.fromstring(_source())  # noqa: S314  # our own file
    picture[:] = [each for each in picture if each.tag != f"{SVG}style"]
    states = {
        each.attrib["data-name"]: each for each in picture.iter(f"{SVG}g") if "data-name" in each.attrib
    }
    executed = {each.name: each for each in _executed(visits, is_open=is_open)}
    for name in executed.keys() & states.keys():
        _light(states[name], executed[name], steps_at)
    scopes = {name: each.attrib["data-within"] for name, each in states.items()}
    _light_ways(next(each for each in picture if each.get("class") == "ways"), set(_taken(visits, scopes)))
    return Lit(
        svg=ElementTree.tostring(picture, encoding="unicode"),
        states=len(states),
        executed=len(executed.keys() & states.keys()),
        others=tuple(each for name, each in executed.items() if name not in states),
    )


def _executed(visits: Iterable[Visit], *, is_open: bool) -> Iterator[Executed]:
    by_name: dict[str, list[tuple[int, Visit]]] = {}
    for number, visit in enumerate(visits):
        by_name.setdefault(visit.name, []).append((number, visit))
    for name, own in by_name.items():
        # The wait for events ends by its time-outs as a rule; there they are no failures.
        failed = 0 if name == WAIT_FOR_EVENTS else sum(len(visit.errors) for _, visit in own)
        yield Executed(
            name=name,
            first=own[0][0],
            times=len(own),
            failed_attempts=failed,
            is_current=is_open and any(visit.exited_at is None for _, visit in own),
            is_bad=failed > 0 or own[0][1].type == "Fail",
        )


def _taken(visits: Sequence[Visit], scopes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the ways that were taken; what happens within a Map comes between what happens around it."""
    before: dict[str, str] = {}
    for visit in visits:
        scope = scopes.get(visit.name, "")
        if scope:
            yield scope, visit.name
        if scope in before:
            yield before[scope], visit.name
        before[scope] = visit.name


def _light(state: ElementTree.Element, executed: Executed, steps_at: str) -> None:
    """Light a state, and make it a link to its first visit."""
    state.attrib["class"] += executed.classes
    *_, badge = state.iter(f"{SVG}text")
    badge.text = executed.badge
    link = ElementTree.Element(
        f"{SVG}a", {"href": f"{steps_at}#step-{executed.first}", "aria-label": executed.label}
    )
    link.extend(list(state))
    state[:] = [link]


def _light_ways(ways: ElementTree.Element, taken: set[tuple[str, str]]) -> None:
    """Light the ways that were taken, and draw them over the others."""
    for way in ways:
        if (way.attrib["data-from"], way.attrib["data-to"]) in taken:
            way.attrib["class"] += " taken"
    ways[:] = sorted(ways, key=lambda way: way.attrib["class"].endswith(" taken"))
