"""How every gateway reaches AWS: one cached client a service, no retries of its own, errors that are ours.

The state machine retries with backoff on its surface, so botocore must not retry below it: a call that is
throttled raises `Throttled` at once and the Retry of the state waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import AccessDenied, AwsRefused, AwsUnavailable, DrainerError, Throttled

Item = TypeVar("Item")

# One attempt, and no wait for a dead endpoint longer than a Lambda has: Retry belongs to the machine.
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)

# "ThrottlingException" is ECS's, "Throttling" the query protocol's, the others of SDK retry tables:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
THROTTLING_CODES = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
    }
)
# "AuthorizationError" is SNS's: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
DENIED_CODES = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "AuthFailure"}
)


@cache
def client(service: str) -> Any:
    """Return the process's client of an AWS service ("ecs"): making one costs about 100 ms of a cold start."""
    return boto3.client(service, config=ONE_ATTEMPT)


@contextmanager
def translated() -> Iterator[None]:
    """Turn botocore's errors into the family of `chalicelib.errors`, whose names the state machine catches.

    Raises Throttled, AccessDenied, AwsUnavailable (5xx and broken connections) or AwsRefused (all other 4xx).
    """
    try:
        yield
    except ClientError as error:
        raise ours(error) from error
    except BotoCoreError as error:
        raise AwsUnavailable(f"AWS could not be reached: {error}") from error


def ours(error: ClientError) -> DrainerError:
    """Return our error for one of AWS's answers; its sentence says which operation answered what."""
    code = str(error.response.get("Error", {}).get("Code", "Unknown"))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    sentence = f"{error.operation_name} was answered with {code}: {error.response.get('Error', {}).get('Message', '')}"
    if code in THROTTLING_CODES:
        return Throttled(sentence)
    if code in DENIED_CODES:
        return AccessDenied(f"{sentence}. Compare the function's policy file in .chalice/ with the call")
    return AwsUnavailable(sentence) if status >= 500 else AwsRefused(sentence)


def in_batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence into the batches that an AWS call takes."""
    return (items[start : start + size] for start in range(0, len(items), size))


def all_pages(
    operation: Callable[..., dict[str, Any]], key: str, page_key: str = "nextToken", **parameters: Any
) -> list[Any]:
    """Return what `key` holds on every page of a listing, in order."""
    found: list[Any] = []
    following: dict[str, Any] = {}
    while True:
        with translated():
            page = operation(**parameters, **following)
        found.extend(page.get(key, []))
        if not page.get(page_key):
            return found
        following = {page_key: page[page_key]}
