"""`python -m embedded_aws serve`: the embedded AWS as a server, for the real tools of AWS."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    given = _parser().parse_args(arguments)
    from embedded_aws.serving import serve  # noqa: PLC0415  # loads all of moto, which `--help` needn't

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, _end)
    serve(given.port, given.speed, given.start or datetime.now(UTC), given.ready_file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m embedded_aws", description=__doc__)
    commands = parser.add_subparsers(required=True)
    serve = commands.add_parser("serve", help="answer as AWS on 127.0.0.1 until interrupted")
    serve.add_argument("--port", type=int, default=5000, help="0 takes a free one (default: %(default)s)")
    serve.add_argument(
        "--speed",
        type=float,
        default=10.0,
        help="virtual seconds a real second; 0: only POST /_embedded-aws/advance moves the clock "
        "(default: %(default)s)",
    )
    serve.add_argument(
        "--start", type=_instant, help="when its time begins, as in 2026-03-02T10:00:00Z (default: now)"
    )
    serve.add_argument("--ready-file", type=Path, help="write the endpoint here once it answers")
    return parser


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, signal.SIG_IGN)  # a second one must not cut the tidying short
    sys.exit(0)


if __name__ == "__main__":
    main()
