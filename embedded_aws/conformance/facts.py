"""Facts as data: one file a topic in `facts/`.

    id, says      a name, and the fact in a sentence
    given         what must exist: `queue`, `topic` (subscribed_queue), `table` (key), `bucket`, `child` (a machine),
                  `function` (returns: event | raises: [class, message] | returns_text_of_bytes | sleeps_seconds)
    machine       its definition; `${QueueUrl}`, `${TopicArn}`, `${TableName}`, `${BucketName}`, `${FunctionName}`,
                  `${FunctionArn}`, `${ChildArn}`, `${Region}` and `${AccountId}` are filled in, here and elsewhere
    input         what it is started with
    then          what is done while it runs: `call` `with` its arguments; `take: message` takes the queue's next
                  message first, and the token in it is sent along
    request       instead of an execution: one `call` `with` its arguments, `after` another
    recorded      `status`, `error`, `cause` (a regular expression; null: none), `output`, or `output_within` where
                  only these parts count; `history` by type; `events` that it must hold (`type`, what its details
                  `has` and `lacks`, `parameters` within its own, `output_names`); `refusal` (`code`, `message`, a
                  regular expression) of a request or of the machine; the names that the `answer` `has` and `lacks`
    source        the recording's date, and where it is

Times, ids and whatever else isn't named are not compared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "facts"


@dataclass(frozen=True)
class Fact:
    """One recorded behaviour."""

    topic: str
    id: str
    says: str
    recorded: dict[str, Any]
    source: dict[str, str]
    machine: dict[str, Any] | None = None
    given: dict[str, Any] = field(default_factory=dict)
    input: Any = None
    then: list[dict[str, Any]] = field(default_factory=list)
    request: dict[str, Any] | None = None
    note: str = ""

    @cached_property
    def text(self) -> str:
        """The machine and the request as they are sent, to be searched in."""
        return json.dumps([self.machine, self.request])


def facts(folder: Path = FOLDER) -> list[Fact]:
    """Return every fact, by topic."""
    return list(_facts(folder))


def _facts(folder: Path) -> Iterator[Fact]:
    for path in sorted(folder.glob("*.json")):
        for each in json.loads(path.read_text(encoding="utf-8"))["facts"]:
            yield Fact(topic=path.stem, **each)
