"""The tables: faults tried and survived, by kind, by service and by scenario; and what no drain can survive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.document import part, with_part
from proof.outages import IN_WORDS, MINUTES, SCENARIOS, SERVICES
from proof.trials import Plan, Result

PATH = Path(__file__).parent.parent / "docs" / "proof.md"
Row = tuple[str, ...]


def text(results: Sequence[Result]) -> str:
    """Return everything as people read it in a terminal."""
    parts = [_table(*part) for part in (_by_kind(results), _by_service(results), _outages(results))]
    broken = [f"{each.key}\n    {line}" for each in results if not each.expected for line in each.broken]
    return "\n".join([*parts, *sorted(broken), ""])


def markdown(results: Sequence[Result]) -> dict[str, str]:
    """Return the parts of the document by their names."""
    return {
        "faults by kind": _markdown(*_by_kind(results)),
        "faults by service": _markdown(*_by_service(results)),
        "faults by scenario": _markdown(*_by_scenario(results)),
        "outages": _markdown(*_outages(results)),
        "scenarios of outages": _markdown(*_outage_scenarios(), others="---"),
        "what can't be survived": _markdown(*_expected(results)),
    }


def _counted(results: Iterable[Result], key: Callable[[Result], str]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for each in results:
        tried, survived = found.get(key(each), (0, 0))
        found[key(each)] = (tried + 1, survived + each.is_survived)
    return found


def _rows(results: Iterable[Result], key: Callable[[Result], str]) -> list[Row]:
    counted = _counted(results, key)
    rows = [(name, str(tried), str(survived)) for name, (tried, survived) in sorted(counted.items())]
    total = [sum(column) for column in zip(*counted.values(), strict=True)] or [0, 0]
    return [*rows, ("all", str(total[0]), str(total[1]))]


def _by_kind(results: Sequence[Result]) -> tuple[Row, list[Row]]:
    return ("fault", "tried", "survived"), _rows(_without_outages(results), lambda each: each.kind)


def _by_service(results: Sequence[Result]) -> tuple[Row, list[Row]]:
    return ("service", "tried", "survived"), _rows(_without_outages(results), lambda each: each.service)


def _by_scenario(results: Sequence[Result]) -> tuple[Row, list[Row]]:
    return ("scenario", "tried", "survived"), _rows(_without_outages(results), lambda each: each.scenario)


def _without_outages(results: Iterable[Result]) -> list[Result]:
    return [each for each in results if each.section != "outage"]


def _outages(results: Iterable[Result]) -> tuple[Row, list[Row]]:
    header = ("outage", *(f"{minutes} min" for minutes in MINUTES))
    found = [each for each in results if each.section == "outage"]
    return header, [(IN_WORDS[service], *_survived(found, service)) for service in SERVICES]


def _outage_scenarios() -> tuple[Row, list[Row]]:
    return ("scenario", "what no other of them does"), [(f"`{name}`", why) for name, why in SCENARIOS.items()]


def _survived(outages: list[Result], service: str) -> Iterator[str]:
    for minutes in MINUTES:
        here = [each for each in outages if (each.service, each.kind) == (service, f"{minutes} min")]
        yield f"{sum(each.is_survived for each in here)} of {len(here)}"


def _expected(results: Iterable[Result]) -> tuple[Row, list[Row]]:
    counted: dict[str, int] = {}
    for each in results:
        if each.expected:
            counted[each.expected] = counted.get(each.expected, 0) + 1
    return ("why", "runs"), [(why, str(count)) for why, count in sorted(counted.items())]


def _table(header: Row, rows: list[Row]) -> str:
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (header, *rows)
    ]
    return "\n".join(line.rstrip() for line in (*lines, ""))


def _markdown(header: Row, rows: list[Row], others: str = "---:") -> str:
    bar = ("---", *(others for _ in header[1:]))
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, bar, *rows))


def enumeration(plans: Iterable[Plan]) -> tuple[Row, list[Row]]:
    """Return at how many calls of each scenario a fault can strike, and how many trials follow."""
    rows: list[Row] = [(each.scenario, *map(str, each.counts)) for each in plans]
    return ("scenario", "calls", "faults of calls", "faults of events"), rows


def write(results: Sequence[Result], plans: Iterable[Plan], scope: str) -> None:
    """Put what was run into the document."""
    said = PATH.read_text(encoding="utf-8")
    parts = {**markdown(results), "enumeration": _markdown(*enumeration(plans)), "scope": f"{scope}\n"}
    for name, content in parts.items():
        said = with_part(said, name, content)
    PATH.write_text(said, encoding="utf-8")


def rows_of(text: str, name: str) -> list[Row]:
    """Return the rows of a table of the document, without its header."""
    lines = part(text, name).splitlines()[2:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
