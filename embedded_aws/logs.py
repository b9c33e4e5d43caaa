"""The keys of log groups, which moto's CloudWatch Logs takes at their creation only."""

from __future__ import annotations

import re
from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse

from embedded_aws.keys import OF_LOGS, key_lets_in
from embedded_aws.permissions import ServiceRequest
from embedded_aws.requests import AwsError

KEY = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")


def install() -> None:
    """Teach moto's CloudWatch Logs; again is harmless."""
    LogsResponse.associate_kms_key = _associate
    LogsResponse.disassociate_kms_key = _disassociate


def _associate(response: Any) -> str:
    """AssociateKmsKey: refuses a key whose policy doesn't let CloudWatch Logs use it for this log group."""
    group, key = _group(response), str(response._get_param("kmsKeyId"))
    service = f"logs.{response.region}.amazonaws.com"
    context = {"kms:EncryptionContext:aws:logs:arn": group.arn}
    request = ServiceRequest(service, "", group.arn, response.current_account, context)
    if not KEY.fullmatch(key) or not key_lets_in(key, response.region, request, OF_LOGS):
        raise AwsError(
            "AccessDeniedException",
            f"The specified KMS Key Id could not be used with Arn '{group.arn}': it does not exist or is not allowed",
        )
    group.kms_key_id = key
    return "{}"


def _disassociate(response: Any) -> str:
    _group(response).kms_key_id = None
    return "{}"


def _group(response: Any) -> Any:
    group = response.logs_backend.groups.get(response._get_param("logGroupName"))
    if group is None:
        raise ResourceNotFoundException
    return group
