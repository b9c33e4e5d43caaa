"""What can be told of the gates when the drain is planned: those that can't open in time, or can't be kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from chalicelib.common.duration import in_words
from chalicelib.gates.declared import Declared
from chalicelib.gates.queues import CONSISTENT_AFTER


def foreseen(declared: Iterable[Declared], left: timedelta, *, is_observed: bool) -> Iterator[str]:
    """Yield sentences about the gates of these services, given the time until the deadline.

    `is_observed`: ECS drains the instance itself (managed draining) and this drain only watches.
    """
    for one in declared:
        if is_observed:
            yield f"The gates of service {one.service} can't be kept: managed draining sets DRAINING by itself."
            continue
        yield from (f"Service {one.service}: {sentence}; its gate stays closed." for sentence in one.refusals)
        if one.sign_off and one.sign_off.within >= left:
            within = in_words(one.sign_off.within)
            yield f"Service {one.service} may take {within} to sign off, and the deadline is in {in_words(left)}."
        if one.queue and left <= CONSISTENT_AFTER:
            needed = in_words(CONSISTENT_AFTER)
            yield f"The queue of service {one.service} must be empty for {needed}, longer than the drain may last."
