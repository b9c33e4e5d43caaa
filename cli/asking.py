"""Who asked for a drain, and why, as people and programs read it: the ledger's dash says that nobody told. Pure."""

from __future__ import annotations

from chalicelib.tell.notice import NOBODY


def said(text: str) -> str | None:
    """Return what was said, or None for the dash that stands for nothing."""
    return None if text in (NOBODY, "") else text


def asker(who: str, trigger: str, reason: str) -> str:
    """Return who asked, by what, and why, as far as anybody said."""
    asked = f"{who} ({trigger})" if said(who) else trigger
    return f"{asked}: {reason}" if said(reason) else asked
