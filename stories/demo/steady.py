"""Names that are the same in every run: for a transcript, whose ids nobody chose."""

from __future__ import annotations

import re

IDS = re.compile(r"\bi-[0-9a-f]{17}\b|\b[0-9a-f]{8}\b(?!-)")


class Steady:
    """Renames instances and tasks in the order in which they are first told of."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Return a text with steady names; they are as long as the ones that they stand for."""
        return IDS.sub(lambda found: self._name(found.group()), text)

    def _name(self, found: str) -> str:
        is_instance = found.startswith("i-")
        number = sum(known.startswith("i-") == is_instance for known in self._names)
        letter = "abcdef"[number % 6]
        made = f"i-0{letter * 16}" if is_instance else f"{number + 1:08}"
        return self._names.setdefault(found, made)
