"""Act two, `make demo-stuck`: a service that can't move holds the drain, until somebody does what the notice says."""

from __future__ import annotations

import json
from textwrap import wrap
from typing import Any

from stories.demo.drain import LIMIT, SCALE_IN, STARTS_WITHIN
from stories.demo.ending import tell
from stories.demo.inbox import Inbox
from stories.demo.play import Play
from stories.demo.stage import TOPIC
from stories.demo.summary import WIDTH
from stories.world import CLUSTER, GROUP, HOOK, Service

WEB = Service("web", desired=3, deregistration_delay=30)
BILLING = Service("billing", desired=3, minimum_percent=100, maximum_percent=100, deregistration_delay=30)
READING_SECONDS = 8


def act(play: Play) -> str | None:
    """Scale in, show what holds the drain, do what frees it; returns what went wrong, in a sentence, or None."""
    operator = Inbox(play.stage.aws, "operator")
    operator.take_notices(TOPIC)
    build(play)
    play.run(SCALE_IN)
    play.follow(lambda: play.drain is not None and bool(play.drain.explanation or play.drain.is_over), LIMIT)
    if play.drain is None or not play.drain.explanation:
        return "The drain was never explained."
    play.follow(lambda: False, 2)
    notice = next((each for each in operator.read() if each["Subject"].endswith("is blocked")), None)
    if notice is None:
        return "No notice said that the drain is blocked."
    show_notice(play, notice)
    play.run(remedy_of(notice))
    play.show.say()
    play.follow(lambda: play.drain is not None and play.drain.is_over, LIMIT)
    play.end()
    return tell(play, play.drain)


def build(play: Play) -> None:
    """Make the cluster, with the service that can't move."""
    with play.show.doing("a cluster") as done:
        play.stage.world.build((WEB, BILLING))
        done(f"{CLUSTER}: 3 instances, group {GROUP}, hook {HOOK}")
    with play.show.doing("tasks") as done:
        play.stage.wait(STARTS_WITHIN)
        done("3 of web, 3 of billing (minimum and maximum percent: 100)")
    play.watch.read()


def show_notice(play: Play, notice: dict[str, Any]) -> None:
    """Show the notice as it came, and give people time to read."""
    play.show.say("\nThe SQS queue that is subscribed to the topic got this notice:", "bold")
    play.show.say("\n".join(notice_lines(notice)))
    play.show.rest(READING_SECONDS)
    play.show.say("\nIts remedy is a command, and somebody runs it:", "bold")


def notice_lines(notice: dict[str, Any]) -> list[str]:
    """Return what a program finds in a notice, a line a field."""
    record = json.loads(notice["Message"])
    found = record["blockers"]["groups"][0]
    deadline = record["deadline"]
    fields = {
        "subject": notice["Subject"],
        "who asked": f"{record['who']}, {record['auto_scaling_group']}",
        "holding": f"{record['holding']} of {len(record['tasks'])} left",
        "deadline": f"{deadline['at']}, then {deadline['action']}",
        "blocker": f"{found['kind']}: {found['examples'][0]['subject']}",
        "why": found["examples"][0]["reason"],
        "remedy": found["examples"][0]["remedy"],
    }
    return [line for name, value in fields.items() for line in _field(name, value)]


def _field(name: str, value: str) -> list[str]:
    head = f"  {name:<10} "
    if name == "remedy":  # for pasting, hence in one piece
        return [f"{head}{value}"]
    return wrap(value, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def remedy_of(notice: dict[str, Any]) -> str:
    """Return the command that a notice's first remedy begins with; what it does is said after a colon."""
    example = json.loads(notice["Message"])["blockers"]["groups"][0]["examples"][0]
    command: str = example["remedy"].partition(": ")[0]
    return command
