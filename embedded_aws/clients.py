"""boto3 clients of the embedded AWS itself: what its services use to call each other, in this process."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from embedded_aws.aws import REGION

_making = Lock()
"""boto3's default session is not made for several threads at once; its clients are."""

STRAIGHT: dict[str, Any] = {
    "retries": {"total_max_attempts": 1},  # the services retry on the virtual clock, not in botocore
    "parameter_validation": False,
    "user_agent": "embedded-aws",  # botocore puts its own together anew for each request
    "ignore_configured_endpoint_urls": True,  # in a server's process too, never over the network to itself
}


def client(service: str, region: str = REGION) -> Any:
    """Return the process's client of a service; it asks once, and never leaves the process."""
    with _making:
        return _client(service, region)


@cache
def _client(service: str, region: str) -> Any:
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id="embedded",
        aws_secret_access_key="embedded",  # noqa: S106  # no secret: nothing checks it
        config=Config(**STRAIGHT),
    )
