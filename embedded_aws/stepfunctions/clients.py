"""The clients with which a state machine calls AWS: kept, and in the name of the machine's role.

For whom a call is made the execution's thread says (`embedded_aws.requests.acting_as`), so one client serves all.
"""

from __future__ import annotations

import sys
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_factory
from moto.stepfunctions.parser.asl.utils.boto_client import boto_client_for

from embedded_aws.clients import client


def install() -> None:
    """Let every integration of moto's use the clients of the embedded AWS."""
    assert state_task_service_factory  # imported for its effect: it loads the integrations that are patched
    for name, module in list(sys.modules.items()):
        is_parser = name.startswith("moto.stepfunctions.parser")
        if is_parser and getattr(module, "boto_client_for", None) is boto_client_for:
            module.boto_client_for = client_for  # type: ignore[attr-defined]  # shown by the line above


def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
    """Return the client of a service, as moto asks for it."""
    del state_credentials  # the thread says for whom it calls
    return client(service, region)
