"""What kind of news a notice is, and how much it matters: what subscribers and rules filter by. Pure."""

from __future__ import annotations

INFO, WARNING, ERROR = "info", "warning", "error"

EVENTS = {
    "near-deadline": "near-deadline",
    "events-lost": "troubled",
    "held-up": "troubled",
    "heartbeat-refused": "troubled",
    "stuck": "blocked",
    "blocked": "blocked",
    "gates-closed": "blocked",
}
"""By why a drain is told of in its course: what that is to whoever listens."""

WHYS = {"troubled": "held-up", "heartbeat-refused": "heartbeat-refused"}
"""By occasion, where no look names the reason."""

UNEVENTFUL = frozenset({"drained", "nothing-to-drain", "already-done", "cancelled"})
"""The outcomes after which nobody needs to look."""


def why_of(occasion: str, explained: str | None) -> str | None:
    """Return why a drain is told of in its course, given what its look wants explained; None at its start and end."""
    return (explained or "stuck") if occasion == "explained" else WHYS.get(occasion)


def event_of(occasion: str, why: str | None) -> str:
    """Return the kind of news: `blocked`, `near-deadline` or `troubled` in a drain's course, else the occasion."""
    return EVENTS.get(why, "blocked") if why else occasion


def severity_of(occasion: str, why: str | None, outcome: str | None) -> str:
    """Return `info`, `warning` or `error`: an error needs somebody now, or work is lost."""
    if occasion in ("failed", "fleet-failed") or why == "heartbeat-refused":
        return ERROR
    is_told_as_ordinary = why is None and (outcome is None or outcome in UNEVENTFUL)
    return INFO if is_told_as_ordinary else WARNING
