"""SNS where moto's answers another thing than AWS."""

from __future__ import annotations

from typing import Any

from moto.sns.exceptions import SNSNotFoundError
from moto.sns.models import SNSBackend

_get_endpoint = SNSBackend.get_endpoint


def install() -> None:
    """Correct moto's SNS; again is harmless."""
    SNSBackend.get_endpoint = _endpoint_or_topic


def _endpoint_or_topic(backend: Any, arn: str) -> Any:
    """Publishing to what is neither: AWS speaks of the topic (recorded 2023-08-04), moto always of an endpoint."""
    if arn not in backend.platform_endpoints and ":endpoint/" not in arn:
        raise SNSNotFoundError("Topic does not exist")
    return _get_endpoint(backend, arn)
