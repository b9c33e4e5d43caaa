"""SQS long polling on the virtual clock; moto's own would wait for a clock that stands still while it waits."""

from __future__ import annotations

import functools
from typing import Any

from moto.sqs.models import SQSBackend

from embedded_aws import aws

POLL_SECONDS = 1.0


def install() -> None:
    """Let ReceiveMessage wait as long as it is asked to, in virtual seconds."""
    SQSBackend.receive_message = _on_the_clock(SQSBackend.receive_message)


def _on_the_clock(receive: Any) -> Any:
    @functools.wraps(receive)
    def receive_message(self: Any, queue_name: str, count: int, wait_seconds_timeout: int, *more: Any) -> Any:
        left = float(wait_seconds_timeout)
        while True:
            received = receive(self, queue_name, count, 0, *more)
            if received or left <= 0:
                return received
            aws.current().clock.sleep(min(POLL_SECONDS, left))
            left -= POLL_SECONDS

    return receive_message
