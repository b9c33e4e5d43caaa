"""The examples in the order in which they are best read, and the little that each needs beside its definition."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from examples.map_over_documents.server import archive

HERE = Path(__file__).parent

Environment = dict[str, str]


@contextmanager
def _nothing() -> Iterator[Environment]:
    yield {}


@contextmanager
def _documents() -> Iterator[Environment]:
    with archive() as served:
        yield {"DOCUMENTS_ADDRESS": served.address}


@dataclass(frozen=True)
class Example:
    """One example: its folder holds `<name>.asl.json`, inputs, and functions where it has any."""

    name: str
    shows: str
    start_function: str | None = None
    """The function that starts the machine; None: the execution is started with the input."""
    surroundings: Callable[[], AbstractContextManager[Environment]] = _nothing
    """What runs beside the example, as the variables by which its functions find it."""

    @property
    def folder(self) -> Path:
        """Where the example stands."""
        return HERE / self.name

    @property
    def definition_text(self) -> str:
        """The definition, its substitutions not yet made."""
        return (self.folder / f"{self.name}.asl.json").read_text(encoding="utf-8")

    @property
    def functions(self) -> ModuleType | None:
        """The module of the example's functions, None where it has none."""
        found = (self.folder / "functions.py").exists()
        return import_module(f"examples.{self.name}.functions") if found else None

    def inputs(self) -> dict[str, Any]:
        """Return the inputs by file name: the good ones first, then the bad."""
        paths = [path for kind in ("input", "bad-input") for path in self._json_files(kind)]
        return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in paths}

    def _json_files(self, kind: str) -> list[Path]:
        # The stem's order: input.json stands before input-refund.json.
        return sorted(self.folder.glob(f"{kind}*.json"), key=lambda path: path.stem)


EXAMPLES = (
    Example("hello_world", "Task, Choice, Wait, Pass, Succeed and Fail: hello, then world"),
    Example("transaction_processor", "a Choice on a type, a Lambda for each, a clear cause for the rest"),
    Example("transactions_over_sqs", "a Pass that composes, and a native sqs:sendMessage"),
    Example("transactions_over_sns", "a native sns:publish, and a queue that has subscribed"),
    Example("transactions_in_dynamodb", "native putItem and getItem, the result kept with ResultPath"),
    Example(
        "start_from_a_lambda",
        "one execution a transaction id, however often it is started",
        "start_transaction",
    ),
    Example(
        "map_over_documents",
        "a Map five at a time, one bad item that harms no other",
        surroundings=_documents,
    ),
    Example("retry_and_notify", "linear and exponential Retry, Catch, and word of a run that is late"),
)
"""The newcomer's way: each uses what those before it showed."""


def example_named(name: str) -> Example:
    """Return an example; raises KeyError for a name that none has."""
    return {example.name: example for example in EXAMPLES}[name]
