"""Record what today's machine sends to its functions, for later releases: `python -m tests.upgrades.record NAME`."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app import app
from embedded_aws.awslambda import Invocation, lambda_state
from stories.story import read_story
from stories.telling import told

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "tests" / "scenarios"
FUNCTIONS = ("plan_drain", "look", "explain", "stop_tasks", "tell", "compose_notice", "plan_fleet")
STORIES = (
    "three-service-tasks",
    "stuck-and-freed-by-its-remedy",
    "deadline-stop-tasks",
    "standalone-task-stopped",
    "in-no-cluster",
    "agent-away-for-good",
    "asked-for-twice",
    "spot-interruption",
    "managed-draining",
    "stateful/a-task-signs-off",
    "stateful/a-queue-is-worked-off",
)


def recorded() -> list[dict[str, Any]]:
    """Return one call of each kind: function, event and answer."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for story, invocation in _invocations():
        function = next((name for name in FUNCTIONS if invocation.function_name.endswith(f"-{name}")), None)
        if function is None or invocation.outcome.error:
            continue
        event, answer = invocation.event, invocation.outcome.answer
        call = {"function": function, "story": story, "event": event, "answer": answer}
        found.setdefault(_kind(function, event, answer), call)
    return list(found.values())


def _invocations() -> Iterator[tuple[str, Invocation]]:
    for name in STORIES:
        with told(read_story(SCENARIOS / f"{name}.toml"), app):
            yield from ((name, each) for each in lambda_state().invocations)


def _kind(function: str, event: dict[str, Any], answer: dict[str, Any]) -> tuple[Any, ...]:
    """Return what tells one kind of call from another; of a kind the first is enough."""
    told_of = ("occasion", "which", "explain", "drained", "verdict", "may_drain")
    return (function, *(event.get(name, answer.get(name)) for name in told_of))


def main(name: str) -> None:
    """Write the folder of a release."""
    folder = Path(__file__).parent / name
    folder.mkdir(exist_ok=True)
    for machine in ("drain.asl.json", "fleet.asl.json"):
        shutil.copy(ROOT / "statemachine" / machine, folder / machine)
    lines = (json.dumps(call, separators=(",", ":"), sort_keys=True) for call in recorded())
    (folder / "payloads.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
