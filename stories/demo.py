"""`python -m stories.demo [drain | stuck | stateful]`: `sandbox up`, a scale-in, and `ecs-drainer watch` to its end."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any
from unittest.mock import patch

from rich.console import Console
from rich.text import Text

from chalicelib.common.model import stamp
from cli import executions
from cli.desk import Desk
from cli.drains import open_drains
from cli.edge import Edge
from cli.followed import Followed
from cli.following import LOOK_EVERY, follow
from cli.sandbox import point_at
from embedded_aws.server import Server
from stories import command, summary
from stories.naming import named
from stories.project import deploy_project
from stories.samples import SERVICES, Consumer, Sample, Store
from stories.world import CLUSTER, GROUP, HOOK, Hook, Service, World

EPOCH = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""When a transcript's time begins."""
SPEED = 10.0
INTERRUPTED = 130
"""What a shell reports of a command that Ctrl-C ended."""
READING_SECONDS = 8
BEGINS_WITHIN, GOES_WITHIN, LONGEST = 60, 3, timedelta(hours=4)
"""Virtual seconds until the first drain begins, and from CONTINUE until its instance is gone; and for all of it."""
BURST_SECONDS, BURSTS, JOBS = 480.0, 4, 150
"""How jobs come into the consumer's queue."""
VISIBILITY_SECONDS = 900
"""After which a job whose consumer was stopped comes back."""
SCALE_IN = f"aws autoscaling set-desired-capacity --auto-scaling-group-name {GROUP} --desired-capacity 2"
REFRESH = (
    f"aws autoscaling start-instance-refresh --auto-scaling-group-name {GROUP} "
    "--preferences MinHealthyPercentage=60,MaxHealthyPercentage=100,InstanceWarmup=60"
)


@dataclass(frozen=True)
class Act:
    """A world, and the command with which it begins."""

    title: str
    services: tuple[Service, ...]
    runs: str
    """What runs in its cluster, in words."""
    begins: str = SCALE_IN
    tasks: tuple[Service, ...] = ()
    samples: tuple[type[Sample], ...] = ()
    instances: int = 3
    tags: dict[str, str] = field(default_factory=dict)


ACTS = {
    "drain": Act(
        "an Auto Scaling group scales in, and the instance is drained",
        (
            Service("web", desired=6),
            Service("api", desired=3, deregistration_delay=30),
            Service("log-router", is_daemon=True, has_target_group=False),
        ),
        "6 of web, 3 of api, a daemon, a standalone task",
        # Ends by itself after the services have left, so that the drain is seen to wait for it.
        tasks=(Service("nightly-report", has_target_group=False, labels={"exits-after": "200"}),),
    ),
    "stuck": Act(
        "a service that can't move holds the drain",
        (
            Service("web", desired=3, deregistration_delay=30),
            Service("billing", desired=3, maximum_percent=100, deregistration_delay=30),
        ),
        "3 of web, 3 of billing (minimum and maximum percent: 100)",
    ),
    "stateful": Act(
        "five instances are replaced under a quorum store and a queue consumer",
        (SERVICES["consumer"], SERVICES["store"]),
        "3 members of a store, 3 consumers of a queue, whose gates are read",
        begins=REFRESH,
        samples=(Consumer, Store),
        instances=5,
        tags={"ecs-drainer:gates": "services"},
    ),
}


class Ended(BaseException):
    """Somebody ended the demo; no KeyboardInterrupt, from which a command that follows drains would detach."""


def main(arguments: list[str] | None = None) -> int:
    """Play an act; returns the exit code, 1 where it went wrong."""
    given, ended = _parser().parse_args(arguments), Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, partial(_end, ended))
    try:
        wrong = _written(given) if given.transcript else _perform(given)
    except (Exception, Ended) as error:
        if ended.is_set():  # Ctrl-C ends the server as well, and what was being asked of it may fail first
            print("Stopped; nothing is left behind.", file=sys.stderr)
            return INTERRUPTED
        wrong = f"{type(error).__name__}: {error}"
    if wrong:
        print(f"\nThe demo went wrong. {wrong}", file=sys.stderr)
    return 1 if wrong else 0


def _written(given: argparse.Namespace) -> str | None:
    """Play it into a file, with ids that are the same in every run."""
    out = StringIO()
    try:
        with redirect_stdout(out):
            return _perform(given)
    finally:
        given.transcript.write_text(named(out.getvalue()), encoding="utf-8")


def _perform(given: argparse.Namespace) -> str | None:
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="ecs-drainer-demo-", ignore_cleanup_errors=True)
        )
        # Server, workers and chalice put their files here: whatever an interrupt makes them leave goes with it.
        stack.enter_context(patch.dict(os.environ, TMPDIR=folder))
        play = Play(given, ACTS[given.act])
        play.say(f"ecs-drainer: {play.act.title}", "bold")
        play.say("(an embedded AWS: nothing here reaches a real account)\n", "bright_black")
        play.aws = aws = Server(0, EPOCH if given.transcript else None)
        with play.doing("embedded AWS", "account 123456789012, in a process of its own"):
            stack.enter_context(aws)
        with play.doing("chalice deploy", "functions, roles, rules, and the stack ecs-drainer-dev"):
            deploy_project(Path(folder) / "project", aws.environment)
        with play.doing("a cluster", f"{CLUSTER}, group {GROUP}, hook {HOOK}: {play.act.runs}"):
            play.build()
        for service, operation, code in given.fail:
            aws.fail_next(service, operation, code, times=1_000_000)
        play.drain()
        return play.sum_up()


class Play:
    """An act that goes on before somebody's eyes."""

    aws: Server

    def __init__(self, given: argparse.Namespace, act: Act) -> None:
        self.act = act
        self.console = Console(highlight=False, soft_wrap=True)
        self.is_timed = not given.transcript
        self.is_live = self.console.is_terminal and not given.plain and not given.transcript
        self.speed: float | None = given.speed or (SPEED if self.is_live else None)
        self.drains: list[Followed] = []
        self.samples: list[Sample] = []
        self.began_at = EPOCH
        self.bursts = 0

    def say(self, text: str = "", style: str = "") -> None:
        """Show a line or some."""
        self.console.print(Text(text, style=style))

    @contextmanager
    def doing(self, step: str, done: str) -> Iterator[None]:
        """Show that a step goes on until the block ends, and then what came of it."""
        began = time.monotonic()
        with self.console.status(step):
            yield
        self.say(f"{step:<16}{done}{f' ({time.monotonic() - began:.1f} s)' if self.is_timed else ''}")

    def build(self) -> None:
        """Make the cluster and what runs in it."""
        # The consumer before its service, whose tag names the queue.
        self.samples = [kind(self.aws.client, self.aws.now) for kind in self.act.samples]
        world, act = World(self.aws.client, self.aws.advance), self.act
        world.build(act.services, Hook(), instances=act.instances, tags=act.tags, tasks=act.tasks)
        world.wait(10)
        point_at(self.aws)
        self.desk = Desk(Edge(self.aws.now, self.sleep, shows_live=self.is_live))
        self.began_at = self.aws.now()

    def sleep(self, seconds: float) -> None:
        """Let virtual seconds pass, at the pace at which somebody watches."""
        began = time.monotonic()
        self.aws.advance(seconds)
        if Consumer in self.act.samples and self._passed() >= timedelta(seconds=self.bursts * BURST_SECONDS):
            if self.bursts < BURSTS:
                self._consumer().send(JOBS)
            self.bursts += 1
        for sample in self.samples:
            sample.turn()
        if self.speed:
            time.sleep(max(0.0, seconds / self.speed - (time.monotonic() - began)))

    def drain(self) -> None:
        """Begin, follow every drain to its end, and do what frees one that is stuck."""
        self.run(self.act.begins)
        self.say("\n$ ecs-drainer watch", "bold")
        while not self._find_drains() and self._passed() < timedelta(seconds=BEGINS_WITHIN):
            self.sleep(1)
        follow(self.desk, self.drains, goes_on=self._goes_on)
        if remedy := self._remedy():
            self.say("\nIts remedy is a command, and somebody runs it:", "bold")
            if self.speed:
                time.sleep(READING_SECONDS)
            self.run(remedy)
            self.say()
            follow(self.desk, self.drains)
        self.sleep(GOES_WITHIN)

    def run(self, aws_command: str) -> None:
        """Show an `aws` command and run it."""
        self.say(f"\n$ {command.shown(aws_command, summary.WIDTH)}", "bold")
        command.run(self.aws.client, aws_command)

    def _find_drains(self) -> bool:
        known = {each.execution for each in self.drains}
        found = [each for each in open_drains(self.desk) if each.execution not in known]
        self.drains += [Followed(each.instance_id, each.execution) for each in found[::-1]]
        return bool(self.drains)

    def _goes_on(self, is_open: bool) -> bool:  # as `follow` asks
        """Say what the samples tell, and whether to go on: till a refresh is over, or a drain says that it is stuck."""
        for sample in self.samples:
            for at, text in sample.told:
                self.desk.say(f"{stamp(at)} {text}")
            sample.told.clear()
        if self._passed() > LONGEST:
            return False
        if self.act.begins == REFRESH:
            self._find_drains()
            return not self._is_refreshed()
        return is_open and self._remedy() is None

    def _is_refreshed(self) -> bool:
        answer = self.aws.client("autoscaling").describe_instance_refreshes(AutoScalingGroupName=GROUP)
        return str(answer["InstanceRefreshes"][0]["Status"]) in ("Successful", "Failed", "Cancelled")

    def _remedy(self) -> str | None:
        """Return the command that would free an open drain, where one is explained so."""
        states = (each.known.variables for each in self.drains if each.known.outcome is None)
        return next(filter(None, map(remedy_of, states)), None)

    def _passed(self) -> timedelta:
        return self.aws.now() - self.began_at

    def _consumer(self) -> Consumer:
        return next(each for each in self.samples if isinstance(each, Consumer))

    def sum_up(self) -> str | None:
        """Show what happened when and what it came to; returns what went wrong, in a sentence, or None."""
        if not self.drains:
            return "Auto Scaling took no instance."
        records = summary.read_records(self.aws, self.desk.installation.state_machine, self.began_at)
        instances = [each.instance_id for each in self.drains]
        if len(instances) == 1:
            self.say("\nWhat happened when, as AWS recorded it", "bold")
            self.say(summary.timeline_of(records, instances[0]).rstrip())
        histories = [executions.history_after(each.execution) for each in self.drains]
        types = [[event.type for event in history] for history in histories]
        self.say("\nWhat it came to", "bold")
        self.say("\n".join(summary.figures(records, instances, types)))
        found = (summary.what_went_wrong(records, each.execution) for each in self.drains)
        wrong = next(filter(None, found), None) or self._wrong_with_samples()
        if wrong is None:
            went = "The drain" if len(instances) == 1 else "Each drain"
            self.say(f"\n{went} went right: no task was killed.", "bold green")
        return wrong

    def _wrong_with_samples(self) -> str | None:
        """Show what became of the samples, and say what went wrong with one of them."""
        if not self.samples:
            return None
        consumer, store = self._consumer(), next(each for each in self.samples if isinstance(each, Store))
        ends_at = self.aws.now() + timedelta(seconds=VISIBILITY_SECONDS)
        while consumer.waiting and self.aws.now() < ends_at:
            self.sleep(LOOK_EVERY)
        self.say(
            f"\n{len(self.drains)} instances were replaced. The store had {store.fewest} of {store.members} members "
            f"in sync at the least, and refused {store.refused} writes.\n"
            f"{consumer.handled} jobs were handled, {consumer.waiting} are left."
        )
        if store.refused:
            return f"Quorum was lost: {store.refused} writes were refused."
        return f"{consumer.waiting} jobs were lost." if consumer.waiting else None


def remedy_of(state: Mapping[str, Any]) -> str | None:
    """Return the `aws` command that an explanation's first remedy begins with; what it does is said after a colon."""
    groups = ((state.get("explanation") or {}).get("blockers") or {}).get("groups") or [{"examples": []}]
    for example in groups[0]["examples"][:1]:
        remedy = str(example["remedy"]).partition(": ")[0]
        return remedy if remedy.startswith("aws ") else None
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stories.demo", description=__doc__)
    parser.add_argument("act", nargs="?", choices=sorted(ACTS), default="drain")
    parser.add_argument("--plain", action="store_true", help="lines instead of a table, as in a pipe")
    parser.add_argument(
        "--speed",
        type=_speed,
        help=f"virtual seconds a real second (default: {SPEED:g} on a terminal, in a pipe as fast as it goes)",
    )
    parser.add_argument(
        "--transcript", type=Path, metavar="FILE", help="write lines that are the same in every run"
    )
    parser.add_argument(
        "--fail",
        type=_fault,
        action="append",
        default=[],
        metavar="SERVICE:OPERATION=CODE",
        help="let AWS refuse an operation, to see what then happens: ecs:DescribeTasks=AccessDeniedException",
    )
    return parser


def _speed(text: str) -> float:
    speed = float(text)
    if not speed > 0:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number above 0")
    return speed


def _fault(text: str) -> tuple[str, str, str]:
    call, _, code = text.partition("=")
    service, _, operation = call.partition(":")
    if not (service and operation and code):
        raise argparse.ArgumentTypeError(f"{text!r}: expected SERVICE:OPERATION=CODE")
    return service, operation, code


def _end(ended: Event, number: int, frame: FrameType | None) -> None:
    del number, frame
    ended.set()
    raise Ended


if __name__ == "__main__":
    sys.exit(main())
