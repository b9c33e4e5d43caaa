"""The figures as people read them: a table for each size, the schedules side by side, on a terminal and in Markdown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table

from benchmarks.figures import Figures, percentile
from stories.prices import LAMBDA_GIGABYTES, LAMBDA_SECONDS, PRICES

OWN = ""
Schedule = tuple[str, float]
"""The setting `poll`, and how many seconds ECS's events take."""
USUAL: Schedule = (OWN, 1.0)
SCHEDULES: dict[Schedule, str] = {
    (OWN, 0.0): "events at once",
    USUAL: "events after 1 s",
    (OWN, 5.0): "events after 5 s",
    ("15s", 1.0): "polls every 15 s",
    ("60s", 1.0): "polls every 60 s",
}
"""What each is called here."""
POLLING = "polling"
"""The release before, whose drains asked ECS at each look: recorded, in polling.json."""
RECORDED: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parent / "polling.json").read_text(encoding="utf-8")
)["sizes"]

LEDGER_AND_NOTICES = ("dynamodb", "sns")
SERVICES = {
    "ecs": "of them to ECS",
    "autoscaling": "to EC2 Auto Scaling",
    "stepfunctions": "to Step Functions",
    "dynamodb": "to the ledger (DynamoDB)",
    "sns": "to publish notices (SNS)",
}

Row = tuple[str, list[str]]


def rows(side_by_side: Sequence[Figures]) -> list[Row]:
    """Return one row for each figure: its name, and its value under each schedule."""
    named = [_values(figures) for figures in side_by_side]
    if recorded := RECORDED.get(str(side_by_side[0].size)):
        named.append(recorded)
    return [(name, [values.get(name, "-") for values in named]) for name in named[0]]


def heads(side_by_side: Sequence[Figures]) -> list[str]:
    """Return what the columns are called."""
    own = [SCHEDULES[figures.poll, figures.latency] for figures in side_by_side]
    return [*own, POLLING] if str(side_by_side[0].size) in RECORDED else own


def _values(figures: Figures) -> dict[str, str]:
    each = figures.size
    calls = sum(figures.calls.values()) / each
    by_service = {name: _number(figures.calls_of(service)) for service, name in SERVICES.items()}
    return {
        "delay after the last STOPPED, median": _seconds(figures.median_delay),
        "delay, 95th percentile": _seconds(percentile(figures.delays, 95)),
        "delay, longest": _seconds(figures.delays[-1]),
        "from termination to CONTINUE, median": _seconds(percentile(figures.durations, 50)),
        "from termination to CONTINUE, longest": _seconds(figures.durations[-1]),
        "tasks not STOPPED at CONTINUE": str(figures.tasks_killed),
        "drains that ended right": f"{figures.outcomes['drained']} of {each}",
        "looks": _number(figures.looks / each),
        "API calls": _number(calls),
        **by_service,
        "for events that no drain waits for": _number(figures.idle_calls / each),
        "of them throttled": _number(figures.throttled / each),
        "ECS resource reads a second, all drains": f"{figures.reads_a_second:.1f}",
        "state transitions": _number(figures.transitions / each),
        "history events": _number(figures.events / each),
        "Lambda invocations": _number(figures.usage.lambda_requests / each),
        "billed Lambda seconds": _number(figures.usage.lambda_gb_seconds / LAMBDA_GIGABYTES / each),
        "requests of the queue (SQS)": _number(figures.usage.queue_requests / each),
        "cost of 1,000 drains": f"${figures.dollars * 1000:.2f}",
    }


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def title(size: int) -> str:
    """Return what a size is called."""
    return "one drain" if size == 1 else f"{size:,} drains at once"


def table(side_by_side: Sequence[Figures]) -> Table:
    """Return the table of one size for a terminal."""
    made = Table(title=title(side_by_side[0].size), title_justify="left")
    made.add_column("a drain")
    for head in heads(side_by_side):
        made.add_column(head, justify="right")
    for name, values in rows(side_by_side):
        made.add_row(name, *values)
    return made


def markdown(side_by_side: Sequence[Figures]) -> str:
    """Return the table of one size as Markdown, under its heading."""
    columns = heads(side_by_side)
    lines = [f"### {title(side_by_side[0].size).capitalize()}", "", _line(["a drain", *columns])]
    lines.append(_line(["---", *("---:" for _ in columns)]))
    lines += [_line([name, *values]) for name, values in rows(side_by_side)]
    return "\n".join(lines) + "\n"


def calls_markdown(calls: Counter[str], idle: int) -> str:
    """Return the calls of the first story by kind, with their sum, and how many there were for events of others."""
    lines = [_line(["call", "times"]), _line(["---", "---:"])]
    counted = sorted(calls.items(), key=lambda item: (_is_aside(item[0]), item[0]))
    lines += [_line([f"`{action}`", str(times)]) for action, times in counted]
    lines.append(_line(["together", str(calls.total())]))
    lines.append(_line(["besides, for events that no drain waits for", str(idle)]))
    return "\n".join(lines) + "\n"


def _is_aside(action: str) -> bool:
    return action.split(":", maxsplit=1)[0] in LEDGER_AND_NOTICES


def prices_markdown() -> str:
    """Return the price list with its sources."""
    lines = [_line(["unit", "US dollars", "source"]), _line(["---", "---:", "---"])]
    for price in PRICES.values():
        lines.append(_line([price.what, f"{price.dollars:.10f}".rstrip("0"), f"<{price.source}>"]))
    lines += ["", f"An invocation is taken to be billed for {LAMBDA_SECONDS} s."]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
