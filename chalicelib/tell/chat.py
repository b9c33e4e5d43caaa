"""A notice as AWS Chatbot (Amazon Q Developer in chat applications) shows it in Slack and Microsoft Teams. Pure.

It takes custom notifications of one form, and drops every other message of a topic but those of AWS services:
https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.common.model import short

LONGEST_TITLE = 250
LONGEST_DESCRIPTION = 8_000
"""Characters, by that page."""

MARKS = {"info": ":information_source:", "warning": ":warning:", "error": ":rotating_light:"}

LINK = "Execution: "
"""What the last line of a notice begins with, before the console's address."""

MEANT = str.maketrans({"<": "\u2039", ">": "\u203a"})
"""Slack reads `<!channel>` and `<address|words>` as orders, and what comes from outside may hold them, as a reason."""


def chat_notification(subject: str, text: str, record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom notification; those of one drain make one thread, as they share `threadId`.

    `subject` is one line, `text` the notice for people, `record` the one for programs.
    """
    trace = str(record.get("trace_id") or "")
    title = f"{MARKS.get(str(record.get('severity')), '')} {subject}".strip().translate(MEANT)
    steps = [f"`{command}`" for command in _commands(record)]
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": title[:LONGEST_TITLE],
            "description": _description(text),
            "nextSteps": [*steps, *_links(text)],
            "keywords": _keywords(record),
        },
        "metadata": {
            **({"threadId": trace} if trace else {}),
            "summary": subject.translate(MEANT)[:LONGEST_TITLE],
            "eventType": f"ecs-drainer-{record.get('event') or record.get('occasion')}",
            "relatedResources": [str(record["execution"])] if record.get("execution") else [],
            "additionalContext": _context(record),
        },
    }


def _description(text: str) -> str:
    """Return the first line as it is, and the others in a block: columns stay, and nothing in it is markup."""
    first, *others = [line for line in text.splitlines() if not line.startswith(LINK)] or [""]
    if not others:
        return first.translate(MEANT)[:LONGEST_DESCRIPTION]
    fences = "\n```\n"
    block = "\n".join(others).replace("```", "'''")
    room = LONGEST_DESCRIPTION - len(first) - 2 * len(fences)
    return f"{first}{fences}{block[: max(0, room)]}{fences.rstrip()}".translate(MEANT)


def _links(text: str) -> list[str]:
    return [line.removeprefix(LINK) for line in text.splitlines() if line.startswith(LINK)]


def _commands(record: Mapping[str, Any]) -> list[str]:
    """Return what to run next."""
    if fleet := record.get("fleet"):
        return [f"ecs-drainer fleet status {fleet}"]
    instance = record.get("instance_id")
    if not instance:
        return []
    verb = "explain" if record.get("event") in ("blocked", "near-deadline") else "show"
    return [f"ecs-drainer {verb} {instance}"]


def _keywords(record: Mapping[str, Any]) -> list[str]:
    clusters = [short(str(name)) for name in record.get("clusters") or []]
    words = [record.get("event"), record.get("auto_scaling_group"), *clusters, record.get("fleet")]
    return [str(word) for word in words if word]


def _context(record: Mapping[str, Any]) -> dict[str, str]:
    """Return what the button of a custom action may take as variables.

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-actions.html
    """
    names = (
        "instance_id",
        "fleet",
        "execution",
        "trace_id",
        "event",
        "why",
        "severity",
        "outcome",
        "auto_scaling_group",
    )
    return {name: str(record[name]) for name in names if record.get(name)}
