"""Everything that may go wrong, in our own words; `ErrorEquals` of the state machine says the class names.

A Lambda's exception reaches Step Functions under its bare class name, and never under that of a base class:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
So each Retry and Catch lists the leaves; the bases are for Python (`except DrainerError`).

Two kinds. What AWS may answer otherwise in a while (`Throttled`, `AwsUnavailable`) is retried by the state
that asked, with backoff and jitter. What stays wrong however often it is asked (the rest) is retried by none:
the state's Catch records it, publishes it, and leaves the lifecycle action to the hook's own timers. None of
them ever turns into CONTINUE.

Two of the refusals are answers, and taken as such by the gateways: `Gone` and `ConditionFailed`. Where one is not, it
leaves the Lambda under its own name.
"""
# ruff: noqa: N818  # the names are read in a state machine, where "Throttled" says more than "ThrottledError"

from __future__ import annotations

from typing import Any

from chalicelib.common.wording import one_line


class DrainerError(Exception):
    """The base of the family; its text is one sentence or more, written for the person on call.

    On one harmless line: Lambda writes it into the function's log as it is, and AWS's own words may quote anybody's.
    """

    def __str__(self) -> str:
        return one_line(super().__str__())


class Throttled(DrainerError):
    """AWS said "Rate exceeded": every Task state retries it, and patiently, as all drains share the rate.

    ECS lets an account read its container instances and tasks 20 times a second:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
    """


class AwsUnavailable(DrainerError):
    """AWS answered with a server error or not at all: retried by each Task state, then caught as failure."""


class AccessDenied(DrainerError):
    """A role lacks a permission: not retried; caught as a failure whose notice names the operation."""


class AwsRefused(DrainerError):
    """AWS refused the call for any other reason: never retried; caught as a failure with AWS's own words."""


class Gone(AwsRefused):
    """What the call named is missing, inactive or deleted: an answer, which each gateway takes where it is one.

    Never retried. Where nothing can be said without what is gone it stays a refusal.
    """


class ConditionFailed(AwsRefused):
    """A conditional write found other values in the ledger than it was to: an answer, of which the caller decides."""


class InvalidInput(DrainerError):
    """What we were handed can't be read: the text names field, value and what was expected.

    Raised before anything is touched; never retried.
    """


class InvalidEvent(InvalidInput):
    """No parser understands this event: raised in start_drain, so that Lambda dead-letters the event.

    No state of the machine sees it, for no execution was started. `understood` holds what the event's other
    records asked for, so that one bad record costs none of its neighbours their drain: start those, then raise.
    """

    def __init__(self, sentence: str, understood: tuple[Any, ...] = ()) -> None:
        super().__init__(sentence)
        self.understood = understood


class InvalidRequest(InvalidInput):
    """A person asked for what can't be done: start_manual_drain raises it to them, and nothing is started.

    The plan raises it too, for an execution started by hand with an input that is no drain.
    """


class InvalidPolicy(InvalidInput):
    """The policy in the execution's own state can't be read back: a Catch ends the drain.

    Wrong values in tags, metadata or the environment raise nothing: they are noted, and a lower value stands.
    """
