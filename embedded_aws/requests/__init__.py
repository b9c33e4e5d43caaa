"""Every API request into moto: who asked for what, when, what came of it; and faults on demand."""

from embedded_aws.requests.endings import Ending, ProcessEnded
from embedded_aws.requests.log import Call, Fault, RequestLog
from embedded_aws.requests.principals import acting_as, acting_as_service, session_credentials
from embedded_aws.requests.refusals import AwsError

__all__ = [
    "AwsError",
    "Call",
    "Ending",
    "Fault",
    "ProcessEnded",
    "RequestLog",
    "acting_as",
    "acting_as_service",
    "session_credentials",
]
