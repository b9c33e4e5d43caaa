"""The clients with which a state machine calls AWS: one a service, kept, in the name of the machine's role.

In this process the thread of the execution says for whom it acts (`simulator.requests.acting_as`); where the
embedded AWS is a server, the calls go over loopback, signed with session credentials of the role.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from moto.core.models import botocore_stubber
from moto.settings import moto_server_port
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_factory
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from simulator.aws import current
from simulator.requests import session_credentials

LONGEST_CALL_SECONDS = 900
"""A Lambda function runs 15 minutes at most; no other call takes longer."""

SESSION = "StepFunctions"


def install() -> None:
    """Let every integration of moto's use `client_for`."""
    assert state_task_service_factory  # imported for its effect: it loads the integrations that are patched
    for name, module in list(sys.modules.items()):
        is_parser = name.startswith("moto.stepfunctions.parser")
        if is_parser and getattr(module, "boto_client_for", None) is boto_client_for:
            module.boto_client_for = client_for  # type: ignore[attr-defined]  # shown by the line above


def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
    """Return the client of a service; the role counts only where the call leaves this process."""
    if botocore_stubber.enabled:
        return _client(service, region)
    sessions = current().part("sessions of state machines", dict)
    role = state_credentials.role_arn
    if role not in sessions:
        sessions[role] = session_credentials(role, SESSION)
    endpoint = f"http://127.0.0.1:{moto_server_port()}"
    return _client(service, region, endpoint, tuple(sorted(sessions[role].items())))


@lru_cache(maxsize=256)
def _client(
    service: str,
    region: str,
    endpoint: str | None = None,
    credentials: tuple[tuple[str, str], ...] = (),
) -> Any:
    keys = {name.lower(): value for name, value in credentials} or {
        "aws_access_key_id": "state-machine",
        "aws_secret_access_key": "state-machine",
    }
    client: Any = boto3.client  # boto3 has a type for each service; this one is named at run time
    return client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            parameter_validation=False,  # the service judges, and the state machine gets its error
            retries={"max_attempts": 0, "total_max_attempts": 1},  # the state's Retry does that
            connect_timeout=LONGEST_CALL_SECONDS,
            read_timeout=LONGEST_CALL_SECONDS,
        ),
        **keys,
    )
