"""Every API request into moto: who asked for what, when, what came of it; and faults on demand."""

from simulator.requests.log import Call, Fault, RequestLog
from simulator.requests.principals import acting_as, session_credentials
from simulator.requests.recording import install

__all__ = ["Call", "Fault", "RequestLog", "acting_as", "install", "session_credentials"]
