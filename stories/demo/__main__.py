"""`python -m stories.demo [drain | stuck]`: watch the deployed drainer at work, on an embedded AWS."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from types import FrameType

from rich.console import Console

from embedded_aws.server import ServerFailedError
from stories.demo import drain, stuck
from stories.demo.play import Play, play
from stories.demo.show import Lines, Screen, Show
from stories.demo.stage import StageFailed
from stories.demo.steady import Steady

EPOCH = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
"""When a transcript's time begins."""
SPEED = 10.0
NARROWEST = 80
INTERRUPTED = 130
"""What a shell reports of a command that Ctrl-C ended."""


@dataclass(frozen=True)
class Act:
    """One of the stories."""

    title: str
    play: Callable[[Play], str | None]
    daemons: frozenset[str] = frozenset()


ACTS = {
    "drain": Act("an Auto Scaling group scales in, and the instance is drained", drain.act, drain.DAEMONS),
    "stuck": Act("a service that can't move holds the drain", stuck.act),
}


def main(arguments: list[str] | None = None) -> int:
    """Play an act; returns the exit code, 1 where the drain went wrong."""
    given = _parser().parse_args(arguments)
    ended = Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, partial(_end, ended))
    try:
        wrong = _perform(given)
    except (KeyboardInterrupt, StageFailed, ServerFailedError, OSError) as error:
        if ended.is_set():  # Ctrl-C ends the server as well, and what was being asked of it may fail first
            print("Stopped; nothing is left behind.", file=sys.stderr)
            return INTERRUPTED
        if not isinstance(error, StageFailed | ServerFailedError):
            raise
        wrong = str(error)
    if wrong:
        print(f"\nThe demo went wrong. {wrong}", file=sys.stderr)
    return 1 if wrong else 0


def _perform(given: argparse.Namespace) -> str | None:
    act: Act = ACTS[given.act]
    with ExitStack() as stack:
        show, speed = _seats(given, stack)
        show.say(f"ecs-drainer: {act.title}", "bold")
        show.say("(an embedded AWS: nothing here reaches a real account)\n", "bright_black")
        start = EPOCH if given.transcript else None
        playing = stack.enter_context(play(show, speed, start, act.daemons))
        for service, operation, code in given.fail:
            playing.stage.aws.fail_next(service, operation, code, times=1_000_000)
        try:
            wrong = act.play(playing)
        except KeyboardInterrupt:
            print("\nStopping the embedded AWS …", file=sys.stderr)
            raise
        if wrong is None:
            show.say("\nThe drain went right: no task was killed.", "bold green")
        return wrong


def _seats(given: argparse.Namespace, stack: ExitStack) -> tuple[Show, float | None]:
    """Return where it is shown, and how fast: at once where nobody watches a picture."""
    if given.transcript:
        out = stack.enter_context(given.transcript.open("w", encoding="utf-8"))
        return Lines(out, is_timed=False, rename=Steady()), None
    console = Console(highlight=False)
    if given.plain or not console.is_terminal or console.width < NARROWEST:
        return Lines(sys.stdout), given.speed
    speed = given.speed or SPEED
    return Screen(console, speed), speed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stories.demo", description=__doc__)
    parser.add_argument("act", nargs="?", choices=sorted(ACTS), default="drain")
    parser.add_argument("--plain", action="store_true", help="lines instead of a picture, as in a pipe")
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
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
