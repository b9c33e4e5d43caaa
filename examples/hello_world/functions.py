"""The functions of hello world: each answers with plain values, and decides nothing about what comes next."""

from __future__ import annotations

from typing import Any


def say_hello(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return the first word, and whether it may be said: `{"greet": false}` in the input forbids it."""
    return {"word": "Hello", "success": event.get("greet", True) is True}


def say_world(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Return the greeting of one word and one name."""
    return {"greeting": f"{event['word']}, {event['name']}!"}
