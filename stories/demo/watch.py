"""Watches a stage: reads the events and histories that came up, and puts them into the scene."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from stories.demo.events import PATTERN, happened_at, take_event
from stories.demo.histories import take_history
from stories.demo.inbox import Inbox
from stories.demo.scene import Drain, Entry, Scene, merged
from stories.demo.stage import Stage

SETTLES_WITHIN = timedelta(seconds=1)
"""Events come a moment after what they tell of: lines wait so long, so that they come in order."""
EVENTS_A_PAGE = 30


class Watch:
    """What happens on a stage, from the moment this is made; make it before the world."""

    def __init__(self, stage: Stage, scene: Scene) -> None:
        self.scene = scene
        self._inbox = Inbox(stage.aws, "demo-events")
        self._inbox.take_events(PATTERN)
        self._sfn: Any = stage.aws.client("stepfunctions")
        self._read: dict[str, int] = {}
        self._waiting: list[Entry] = []
        definition = (stage.project / "statemachine" / "drain.asl.json").read_text(encoding="utf-8")
        scene.comments = dict(_comments(json.loads(definition)))

    def read(self, now: datetime | None = None) -> list[Entry]:
        """Bring the scene up to date and return what is to be told, in order; all of it without `now`."""
        for event in sorted(self._inbox.read(), key=happened_at):
            self._waiting += take_event(self.scene, event)
        for drain in self.scene.drains.values():
            if drain.execution and not drain.outcome and not drain.cause:
                for happened in self._history(drain):
                    self._waiting += take_history(drain, happened)
        self._waiting.sort(key=lambda entry: entry.at)
        ripe = [entry for entry in self._waiting if now is None or entry.at <= now - SETTLES_WITHIN]
        self._waiting = self._waiting[len(ripe) :]
        return merged(ripe)

    def _history(self, drain: Drain) -> list[dict[str, Any]]:
        """Return what is new in an execution's history, oldest first: asked for newest first, a page or two do."""
        last, new = self._read.get(drain.execution, 0), []
        for event in self._newest_first(drain.execution):
            if event["id"] <= last:
                break
            new.append(event)
        if new:
            self._read[drain.execution] = new[0]["id"]
        return new[::-1]

    def _newest_first(self, execution: str) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            page = self._sfn.get_execution_history(
                executionArn=execution, reverseOrder=True, maxResults=EVENTS_A_PAGE, **more
            )
            yield from page["events"]
            if "nextToken" not in page:
                return
            more = {"nextToken": page["nextToken"]}


def _comments(machine: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, state in machine["States"].items():
        yield name, state.get("Comment", "")
        for inner in [
            *state.get("Branches", []),
            *([state["ItemProcessor"]] if "ItemProcessor" in state else []),
        ]:
            yield from _comments(inner)
