"""The API calls of the first story: three service tasks on one of three instances."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

from app import app
from benchmarks.figures import finds_nobody
from stories.story import read_story
from stories.telling import told
from stories.world import ENROLLED

STORY = Path(__file__).parent.parent / "tests" / "scenarios" / "three-service-tasks.toml"


def calls_by_kind() -> tuple[Counter[str], int]:
    """Tell the story and count every request of the drain by action, and apart those that found nobody who waits.

    Invocations of functions are left out.
    """
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), told(replace(read_story(STORY), hook=ENROLLED), app) as came:
            made = [call for call in came.drain_calls if not (call.role or "").endswith("-reconcile")]
            asked = [call for call in made if call.operation != "Invoke"]
            idle = sum(map(finds_nobody, asked))
            return Counter(call.action for call in asked if not finds_nobody(call)), idle
    finally:
        logging.disable(logging.NOTSET)
