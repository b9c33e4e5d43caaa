"""The API calls of the first story: three service tasks on one of three instances."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from app import app
from stories.story import read_story
from stories.telling import told

STORY = Path(__file__).parent.parent / "tests" / "scenarios" / "three-service-tasks.toml"


def calls_by_kind() -> Counter[str]:
    """Tell the story and count every request of the drain by action, invocations of functions left out."""
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(StringIO()), told(read_story(STORY), app) as came:
            made = [call for call in came.drain_calls if not (call.role or "").endswith("-reconcile")]
            return Counter(call.action for call in made if call.operation != "Invoke")
    finally:
        logging.disable(logging.NOTSET)
