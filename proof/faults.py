"""What can go wrong with a call, in the words of each service, and how it is made to go wrong in a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from embedded_aws.awslambda import lambda_state
from embedded_aws.requests import Call, Ending, Fault
from proof.points import EVENTBRIDGE, MACHINE, Point, Site, site_of
from stories.stage import Stage

A_MINUTE = timedelta(seconds=60)
MENDED_AFTER_SECONDS = 1800.0
"""After half an hour somebody mends what lasts: then what it held up must come to its end."""
READ_TIME_OUT = 20.0
"""Seconds after which our functions give a call up (chalicelib/gateways/aws.py)."""


class Kind(StrEnum):
    """One fault of a call."""

    THROTTLED = "throttled once"
    THROTTLED_A_MINUTE = "throttled for 60 s"
    FAILED = "5xx once"
    FAILED_A_MINUTE = "5xx for 60 s"
    TIMED_OUT = "no answer in time"
    ANSWER_LOST = "answer lost after the effect"
    DENIED = "denied for good"
    CRASHED = "crash of the function"
    FUNCTION_TIMED_OUT = "time-out of the function"

    @property
    def lasts(self) -> bool:
        """Whether nothing but a person ends it."""
        return self is Kind.DENIED


THROTTLES: Mapping[str, Fault] = {
    "autoscaling": Fault("Throttling", "Rate exceeded"),
    "cloudwatch": Fault("Throttling", "Rate exceeded"),
    "dynamodb": Fault(
        "ProvisionedThroughputExceededException", "The level of configured throughput was exceeded"
    ),
    "ec2": Fault("RequestLimitExceeded", "Request limit exceeded.", 503),
    "ecs": Fault("ThrottlingException", "Rate exceeded"),
    "elbv2": Fault("Throttling", "Rate exceeded"),
    "events": Fault("ThrottlingException", "Rate exceeded"),
    "lambda": Fault("TooManyRequestsException", "Rate Exceeded.", 429),
    "sns": Fault("Throttled", "Rate exceeded", 429),
    "sqs": Fault("RequestThrottled", "Rate exceeded", 403),
    "stepfunctions": Fault("ThrottlingException", "Rate exceeded"),
}
TRANSACTION_THROTTLED = Fault(
    "TransactionCanceledException",
    "Transaction cancelled, please refer cancellation reasons for specific reasons [ThrottlingError, None]",
)
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""
FAILURES: Mapping[str, str] = {
    "autoscaling": "InternalFailure",
    "cloudwatch": "InternalServiceError",
    "dynamodb": "InternalServerError",
    "ec2": "InternalError",
    "ecs": "ServerException",
    "elbv2": "InternalFailure",
    "events": "InternalException",
    "lambda": "ServiceException",
    "sns": "InternalError",
    "sqs": "InternalError",
    "stepfunctions": "InternalFailure",
}
DENIALS: Mapping[str, str] = {
    "autoscaling": "AccessDenied",
    "elbv2": "AccessDenied",
    "cloudwatch": "AccessDenied",
} | {
    "ec2": "UnauthorizedOperation",
    "sns": "AuthorizationError",
    "sqs": "AccessDenied",
}
"""Where it isn't AccessDeniedException."""
OF_EVENTBRIDGE = (
    Kind.THROTTLED,
    Kind.THROTTLED_A_MINUTE,
    Kind.FAILED,
    Kind.FAILED_A_MINUTE,
    Kind.ANSWER_LOST,
    Kind.DENIED,
)
"""It has no process of ours that could end."""
OF_FUNCTIONS = (Kind.CRASHED, Kind.FUNCTION_TIMED_OUT)


def kinds_for(site: Site) -> tuple[Kind, ...]:
    """Return the faults that can befall a call of this site, in their order."""
    if site.caller == EVENTBRIDGE:
        return OF_EVENTBRIDGE
    has_function = site.caller != MACHINE or site.operation == "Invoke"
    return tuple(kind for kind in Kind if has_function or kind not in OF_FUNCTIONS)


def fault_for(site: Site, kind: Kind) -> Fault:
    """Return what a call of this site meets."""
    failure = Fault(FAILURES[site.service], "Internal error", 500)
    if kind in (Kind.THROTTLED, Kind.THROTTLED_A_MINUTE):
        is_transaction = site.operation == "TransactWriteItems"
        return TRANSACTION_THROTTLED if is_transaction else THROTTLES[site.service]
    if kind is Kind.DENIED:
        return Fault(
            DENIALS.get(site.service, "AccessDeniedException"), "not authorized to perform this", 403
        )
    if kind is Kind.TIMED_OUT:
        return Fault("", hangs=READ_TIME_OUT)
    if kind is Kind.ANSWER_LOST:
        return Fault(failure.code, failure.message, 500, lost_answer=True)
    if kind in OF_FUNCTIONS:
        ending = Ending.CRASH if kind is Kind.CRASHED else Ending.TIME_OUT
        return Fault("", lost_answer=True, ends=ending)
    return failure


@dataclass
class Befalling:
    """Decides, call by call, whether a fault strikes; remembers which calls it struck."""

    point: Point
    kind: Kind
    count: int = 0
    struck: list[Call] = field(default_factory=list)

    def __call__(self, call: Call) -> bool:
        """Say whether this call is struck."""
        site = site_of(call)
        is_here = site == self.point.site
        self.count += is_here
        strikes = site is not None and self._strikes(call, site, is_here=is_here)
        if strikes:
            self.struck.append(call)
        if strikes and self._ends_what_is_invoked:
            ending = Ending.CRASH if self.kind is Kind.CRASHED else Ending.TIME_OUT
            lambda_state().end_next(self.point.site.target, ending)
            return False
        return strikes

    def _strikes(self, call: Call, site: Site, *, is_here: bool) -> bool:
        if self.kind is Kind.DENIED:
            return is_here and self.count >= self.point.occurrence
        if self.struck and self.kind in (Kind.THROTTLED_A_MINUTE, Kind.FAILED_A_MINUTE):
            is_alike = (site.service, site.operation) == (self.point.site.service, self.point.site.operation)
            return is_alike and call.at - self.struck[0].at < A_MINUTE
        return is_here and not self.struck and self.count == self.point.occurrence

    @property
    def _ends_what_is_invoked(self) -> bool:
        return self.kind in OF_FUNCTIONS and self.point.site.caller == MACHINE


def befall(stage: Stage, point: Point, kind: Kind) -> Befalling:
    """Let a fault strike in the run that begins."""
    befalling = Befalling(point, kind)
    ailment = stage.aws.requests.fail_when(befalling, fault_for(point.site, kind))
    if kind.lasts:
        stage.aws.clock.call_later(MENDED_AFTER_SECONDS, ailment.heal, "somebody mends it")
    return befalling
