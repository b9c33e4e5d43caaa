"""An AWS error that moto's serializers put into the service's own protocol, whatever its code."""

from __future__ import annotations

from moto.core import errors
from moto.core.exceptions import ServiceException


class AwsError(ServiceException):  # type: ignore[misc]  # moto ships no types
    """Raised in a request's handler: botocore's caller gets a ClientError with this code and message.

    The status is that of the service's model, 400 where the model has no such error. moto's own class won't
    do: it warns of codes outside the service's model, which on AWS any service may answer (throttling, say).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        if code not in errors.COMMON_ERROR_CODES:
            errors.COMMON_ERROR_CODES.append(code)
