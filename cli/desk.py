"""What every command stands at: where it says things, how it waits, and which installation it asks.

Results go to standard output, as text or as one JSON document; warnings, refusals and errors go to standard error.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, ParamSpec, TextIO, TypeVar

from rich.console import Console

from chalicelib.common.errors import AwsUnavailable, Throttled
from chalicelib.common.model import stamp
from chalicelib.common.wording import harmless
from chalicelib.gateways.patience import patient
from cli.edge import Edge
from cli.exit_codes import ExitCode
from cli.hints import runnable
from cli.installation import Installation, locate
from cli.problems import Halt, problem_of
from cli.tables import columns, rich_table

P = ParamSpec("P")
Answer = TypeVar("Answer")

STAGE = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
"""The names of stacks and functions are made of it."""

RETRY_AFTER = (1.0, 2.0, 4.0, 8.0)
"""Seconds between the attempts of a read that AWS throttles: the gateways themselves ask once."""
PATIENCE_SECONDS = 120.0
"""How long a read of many pages waits for ECS to answer more of them, before it begins again."""


class Output(StrEnum):
    """How results are written."""

    TEXT = "text"
    JSON = "json"


@dataclass
class Desk:
    """What a command stands at."""

    edge: Edge
    output: Output = Output.TEXT
    stage: str = "dev"

    @cached_property
    def installation(self) -> Installation:
        """The stage's installation, in the account and Region of the credentials; raises Halt for no stage's name."""
        if not STAGE.fullmatch(self.stage):
            expected = "expected letters, digits and dashes, such as dev"
            raise Halt(f"--stage {self.stage!r} is no stage's name: {expected}", code=ExitCode.USAGE)
        return self.ask(locate, self.stage)

    @property
    def is_json(self) -> bool:
        """Whether a program reads."""
        return self.output is Output.JSON

    def now(self) -> datetime:
        """Return the present instant."""
        return self.edge.now()

    def ask(self, read: Callable[P, Answer], *args: P.args, **kwargs: P.kwargs) -> Answer:
        """Call what asks AWS, again and more slowly while AWS throttles or doesn't answer."""
        for pause in RETRY_AFTER:
            try:
                with patient(PATIENCE_SECONDS, self.edge.sleep):
                    return read(*args, **kwargs)
            except (Throttled, AwsUnavailable) as error:
                if (problem := problem_of(error)) and problem.code is ExitCode.NOT_ALLOWED:
                    raise  # asking again brings no credentials
                self.edge.sleep(pause)
        with patient(PATIENCE_SECONDS, self.edge.sleep):
            return read(*args, **kwargs)

    def say(self, text: str = "") -> None:
        """Write a line of the result; programs don't get it."""
        if not self.is_json:
            write(self._runnable(text))

    def warn(self, text: str) -> None:
        """Write a line beside the result."""
        write(self._runnable(text), sys.stderr)

    def report(self, text: str, document: Any) -> None:
        """Write the result: the text for people, or the document for programs."""
        write(to_json(document, indent=2) if self.is_json else self._runnable(text))

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], documents: Any, otherwise: str
    ) -> None:
        """Write the result as a table, or as the documents for programs; `otherwise` is said of no rows."""
        if self.is_json or not rows:
            self.report(otherwise, documents)
        elif self.edge.shows_live:
            Console().print(rich_table(header, rows))
        else:
            write(columns(header, rows))

    def report_line(self, text: str, document: Mapping[str, Any]) -> None:
        """Write one of many results: a line of text, or one line of JSON."""
        write(to_json(document) if self.is_json else self._runnable(text))

    def _runnable(self, text: str) -> str:
        return runnable(text, self.edge.options)


def write(text: str, to: TextIO | None = None) -> None:
    """Write a line to standard output, or to another stream; no character of it is obeyed by a terminal."""
    print(harmless(text), file=to or sys.stdout, flush=True)


def to_json(document: Any, indent: int | None = None) -> str:
    """Return JSON with sorted keys: instants as RFC 3339, durations in whole seconds."""
    return json.dumps(document, indent=indent, sort_keys=True, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no form in JSON")
