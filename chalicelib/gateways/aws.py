"""How every gateway reaches AWS: one cached client a service, no retries of its own, errors that are ours.

The state machine retries with backoff on its surface, so botocore must not retry below it: a call that is
throttled raises `Throttled` at once and the Retry of the state waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.parsers import ResponseParserError

from chalicelib.common.errors import (
    AccessDenied,
    AwsRefused,
    AwsUnavailable,
    ConditionFailed,
    DrainerError,
    Gone,
    Throttled,
)
from chalicelib.gateways import error_codes
from chalicelib.gateways.patience import asked

Item = TypeVar("Item")

# One attempt, and no wait for a dead endpoint longer than a Lambda has: Retry belongs to the machine.
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)

# The event beside a notice is asked for once by "Tell", which doesn't retry for it: hence one more attempt here. Both
# leave the notice the rest of the Lambda's time.
TWO_ATTEMPTS = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=2, read_timeout=4
)
CONFIGS = {"events": TWO_ATTEMPTS}

TOO_MANY_REQUESTS = 429


@cache
def client(service: str) -> Any:
    """Return the process's client of an AWS service ("ecs"): making one costs about 100 ms of a cold start."""
    return boto3.client(service, config=CONFIGS.get(service, ONE_ATTEMPT))


@contextmanager
def translated() -> Iterator[None]:
    """Turn botocore's errors into the family of `chalicelib.common.errors`, whose names the state machine catches.

    Raises Throttled, AccessDenied, AwsUnavailable (5xx, time-outs and broken connections) or AwsRefused (all other
    4xx): as Gone where what the call named is missing, and as ConditionFailed where a conditional write found others.
    """
    try:
        yield
    except ClientError as error:
        raise ours(error) from error
    except ParamValidationError as error:
        raise AwsRefused(f"the call can't be made as it stands: {error}") from error
    except (BotoCoreError, ResponseParserError) as error:
        raise AwsUnavailable(f"AWS could not be reached: {error}") from error


def ours(error: ClientError) -> DrainerError:
    """Return our error for one of AWS's answers; its sentence says which operation answered what."""
    said = error.response.get("Error", {})
    code, message = str(said.get("Code", "Unknown")), str(said.get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    sentence = f"{error.operation_name} was answered with {code}: {message}"
    if code == "TransactionCanceledException":
        return _cancelled(sentence, cancellation_reasons(error.response))
    if code in error_codes.THROTTLED or status == TOO_MANY_REQUESTS:
        return Throttled(sentence)
    if code in error_codes.DENIED:
        return AccessDenied(f"{sentence}. Compare the function's policy file in .chalice/ with the call")
    if code in error_codes.UNAVAILABLE or status >= 500:
        return AwsUnavailable(sentence)
    if error_codes.is_gone(code, message):
        return Gone(sentence)
    return ConditionFailed(sentence) if code == "ConditionalCheckFailedException" else AwsRefused(sentence)


def cancellation_reasons(answer: Mapping[str, Any]) -> frozenset[str]:
    """Return why DynamoDB cancelled a transaction, in its own codes; empty where it doesn't say.

    The reasons stand by themselves, and in the message: "... specific reasons [None, ConditionalCheckFailed]".
    """
    codes = [str(each.get("Code", "None")) for each in answer.get("CancellationReasons", [])]
    if not codes:
        _, _, listed = str(answer.get("Error", {}).get("Message", "")).partition("[")
        codes = [each.strip() for each in listed.partition("]")[0].split(",")]
    return frozenset(codes) - {"None", ""}


def _cancelled(sentence: str, reasons: frozenset[str]) -> DrainerError:
    """Return what a cancelled transaction means: the condition, only where nothing else stood in its way."""
    if reasons & error_codes.THROTTLED_REASONS:
        return Throttled(sentence)
    if reasons & error_codes.DENIED:
        return AccessDenied(sentence)
    if reasons & error_codes.UNAVAILABLE:
        return AwsUnavailable(sentence)
    return ConditionFailed(sentence) if reasons == {"ConditionalCheckFailed"} else AwsRefused(sentence)


def in_batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence into the batches that an AWS call takes."""
    return (items[start : start + size] for start in range(0, len(items), size))


def read(operation: Callable[..., dict[str, Any]], **parameters: Any) -> dict[str, Any]:
    """Return the answer to a read, of which a function that reads much asks again where it is throttled."""

    def once(**given: Any) -> dict[str, Any]:
        with translated():
            return operation(**given)

    return asked(once, **parameters)


def all_pages(
    operation: Callable[..., dict[str, Any]], key: str, page_key: str = "nextToken", **parameters: Any
) -> list[Any]:
    """Return what `key` holds on every page of a listing, in order."""
    found: list[Any] = []
    following: dict[str, Any] = {}
    while True:
        page = read(operation, **parameters, **following)
        found.extend(page.get(key, []))
        if not page.get(page_key):
            return found
        following = {page_key: page[page_key]}
