"""Everything that may go wrong by our own words; the class names are what `ErrorEquals` of the state machine says.

A Lambda's exception reaches Step Functions under its bare class name, without the module, and matches no base class:
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
So each Retry and Catch lists the names of the leaves; `DrainerError` itself is for Python (`except DrainerError`).

Two kinds. What AWS may answer otherwise in a while (`Throttled`, `AwsUnavailable`) is retried by the state that asked,
with backoff and jitter. What stays wrong however often it is asked (the rest) is retried by none: the state's Catch
records it, publishes it, and leaves the lifecycle action to the hook's own timers. None ever turns into CONTINUE.
"""

from __future__ import annotations


class DrainerError(Exception):
    """The base of the family; its text is one sentence or more, written for the person on call."""


class Throttled(DrainerError):
    """AWS said "Rate exceeded": retried by every Task state, longest of all, since the quota is shared by all drains.

    ECS lets an account read its container instances and tasks 20 times a second:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
    """


class AwsUnavailable(DrainerError):
    """AWS answered with a server error or not at all: retried by every Task state, then caught as a failed drain."""


class AccessDenied(DrainerError):
    """A role lacks a permission: never retried; caught as a failed drain, whose notification names the operation."""


class AwsRefused(DrainerError):
    """AWS refused the call for any other reason: never retried; caught as a failed drain with AWS's own words."""


class InvalidInput(DrainerError):
    """What we were handed can't be read: field, value and what was expected are in the text; never retried.

    Caught by its leaves, below. It is raised before anything is touched.
    """


class InvalidEvent(InvalidInput):
    """An event that no parser understands: start_drain raises it, so that Lambda hands the event to the dead-letter queue.

    No state of the machine sees it, for no execution was started.
    """


class InvalidRequest(InvalidInput):
    """A person asked for something impossible: start_manual_drain answers with it, and the plan's Catch ends the drain.

    The plan raises it for an execution that was started by hand with an input that is no drain.
    """


class InvalidPolicy(InvalidInput):
    """The policy in the execution's own state can't be read back: someone edited it; the look's Catch ends the drain.

    Wrong values in tags, metadata or the environment raise nothing: they become notices and the next lower value stands.
    """
