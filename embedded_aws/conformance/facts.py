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
                  `has` and `lacks`, `parameters` within its own, `output_names`, `output_lacks`); `refusal` (`code`,
                  `message`, a regular expression) of a request or of the machine; the names that the `answer` of a
                  request, or of DescribeExecution at the end, `has` and `lacks`, and what must be `within` it
    source        the recording's date, and where it is

Times, ids and whatever else isn't named are not compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "facts"


NOT_HERE = {
    "activities": re.compile(r":activity:|Activity\""),
    "Express workflows": re.compile(r'"EXPRESS"'),
    "the state of a Map run": re.compile(r"MapRun"),
    "Redrive": re.compile(r'"RedriveExecution"'),
    "TestState": re.compile(r'"TestState"'),
    "versions and aliases": re.compile(r'"\w*(StateMachineVersion|StateMachineAlias)\w*"'),
}
"""What the embedded AWS does not have (`docs/embedded-aws.md`), and what tells that a fact is about it."""


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

    @property
    def missing(self) -> str | None:
        """What the fact is about that isn't here, if it is: it can't be expressed."""
        text = json.dumps([self.machine, self.request])
        return next((name for name, sign in NOT_HERE.items() if sign.search(text)), None)


def facts(folder: Path = FOLDER) -> list[Fact]:
    """Return every fact, by topic."""
    return list(_facts(folder))


def facts_of_report(path: Path) -> list[Fact]:
    """Return the facts that a first run in an account has recorded (`ecs-drainer doctor --first-run --report FILE`).

    Each answer that is a matter of state machines holds one, as `fact`, with its `topic`.
    """
    answers = json.loads(path.read_text(encoding="utf-8"))
    return [Fact(**answer["fact"]) for answer in answers if "fact" in answer]


def _facts(folder: Path) -> Iterator[Fact]:
    for path in sorted(folder.glob("*.json")):
        for each in json.loads(path.read_text(encoding="utf-8"))["facts"]:
            yield Fact(topic=path.stem, **each)
