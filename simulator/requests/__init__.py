"""Every API request into moto: who asked for what, when, what came of it; and faults on demand."""

from simulator.requests.log import Call, Fault, RequestLog
from simulator.requests.principals import acting_as, acting_as_service, session_credentials
from simulator.requests.recording import install
from simulator.requests.refusals import AwsError

__all__ = [
    "AwsError",
    "Call",
    "Fault",
    "RequestLog",
    "acting_as",
    "acting_as_service",
    "install",
    "session_credentials",
]
