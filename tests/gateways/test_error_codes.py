"""What an answer of AWS means: by its code, by its words, by its reasons; nothing else means that something is gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

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
from chalicelib.gateways.aws import cancellation_reasons, ours, translated
from chalicelib.gateways.ecs_calls import gone_among

CANCELLED = "Transaction cancelled, please refer cancellation reasons for specific reasons"


def answered(code: str, message: str = "", **response: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}, **response}, "ListTasks")


def codes_in(value: Any) -> set[str]:
    """Return every error code in botocore's legacy retry table, with the status that belongs to it."""
    if not isinstance(value, dict):
        return set()
    own = {value["service_error_code"]} if "service_error_code" in value else set()
    return own.union(*map(codes_in, value.values()))


def test_every_throttle_that_botocore_knows_is_one() -> None:
    assert set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES) <= error_codes.THROTTLED


def test_whatever_botocore_would_retry_is_tried_again() -> None:
    """S3's checksum and STS's identity provider apart, which no call here knows."""
    table = json.loads((Path(botocore.__file__).parent / "data" / "_retry.json").read_text(encoding="utf-8"))
    known = codes_in(table) | set(TransientRetryableChecker._TRANSIENT_ERROR_CODES)
    retried = error_codes.THROTTLED | error_codes.UNAVAILABLE
    assert known - retried == {"BadDigest", "IDPCommunicationError"}


def test_no_code_means_two_things() -> None:
    tables = (error_codes.THROTTLED, error_codes.DENIED, error_codes.UNAVAILABLE, error_codes.GONE)
    assert sum(map(len, tables)) == len(frozenset().union(*tables))
    assert not error_codes.GONE & set(error_codes.GONE_IN_WORDS)


@pytest.mark.parametrize(
    "code", ["InternalServerError", "ServiceUnavailable", "InternalFailure", "ServerException"]
)
def test_a_server_error_is_one_without_its_status_too(code: str) -> None:
    assert type(ours(answered(code))) is AwsUnavailable


@pytest.mark.parametrize(
    ("story", "status", "expected"),
    [
        ("any 429 is a throttle", 429, Throttled),
        ("any 5xx is the server's", 599, AwsUnavailable),
        ("gone from a server that is down is not gone", 500, AwsUnavailable),
        ("a 4xx that is known stays what it is", 400, Gone),
        ("so it does without a status", 0, Gone),
    ],
)
def test_the_status_counts_before_the_code(story: str, status: int, expected: type[DrainerError]) -> None:
    error = answered("ClusterNotFoundException", ResponseMetadata={"HTTPStatusCode": status})
    assert type(ours(error)) is expected, story


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidParameterException", "No Container Instances were found in your cluster."),
        ("InvalidParameterException", "Container instance status should be one of [ACTIVE,DRAINING]"),
        ("InvalidParameterException", "Tasks cannot be empty."),
        ("InvalidParameterException", "nextToken was not found"),
        ("InvalidParameterException", "Long arn format must be used for tagging operations"),
        ("ClientException", "Container Instances cannot be empty."),
        ("ClientException", "Too many concurrent attempts to create a new revision"),
        ("ValidationError", "No active Lifecycle Action found with instance ID i-1"),
        ("ValidationError", "1 validation error detected"),
        ("ResourceNotFoundException", "Requested resource not found"),
        ("StateMachineDoesNotExist", "State Machine Does Not Exist"),
        ("Unknown", "the container instance is not found or is inactive"),
    ],
)
def test_another_refusal_never_means_gone(code: str, message: str) -> None:
    """What is taken as gone lets an instance go, so the words are narrow, and count under their own codes only."""
    assert type(ours(answered(code, message))) is AwsRefused


def test_a_condition_that_failed_is_an_answer() -> None:
    assert (
        type(ours(answered("ConditionalCheckFailedException", "The conditional request failed")))
        is ConditionFailed
    )


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        (["None", "ConditionalCheckFailed"], ConditionFailed),
        (["ConditionalCheckFailed", "ThrottlingError"], Throttled),
        (["ProvisionedThroughputExceeded"], Throttled),
        (["TransactionConflict", "ConditionalCheckFailed"], Throttled),
        (["AccessDenied"], AccessDenied),
        (["InternalServerError"], AwsUnavailable),
        (["ConditionalCheckFailed", "ValidationError"], AwsRefused),
        (["ItemCollectionSizeLimitExceeded"], AwsRefused),
        (["None"], AwsRefused),
        ([], AwsRefused),
    ],
)
def test_a_transaction_is_cancelled_for_its_reasons(reasons: list[str], expected: type[DrainerError]) -> None:
    """Said beside the message, or in it alone, as old SDKs have it."""
    listed = f"{CANCELLED} [{', '.join(reasons)}]"
    beside = [{"Code": reason} for reason in reasons]
    assert type(ours(answered("TransactionCanceledException", listed))) is expected
    assert type(ours(answered("TransactionCanceledException", "-", CancellationReasons=beside))) is expected


def test_without_a_reason_nothing_is_claimed() -> None:
    assert cancellation_reasons({}) == frozenset()
    assert cancellation_reasons({"CancellationReasons": [{}, {"Code": "None"}]}) == frozenset()


@pytest.mark.parametrize("reason", ["MISSING", "INACTIVE"])
def test_two_reasons_mean_gone(reason: str) -> None:
    assert gone_among({"failures": [{"arn": "arn:x", "reason": reason}]}) == {"arn:x"}


@pytest.mark.parametrize("reason", ["BUSY", "missing", "", None, "ACCESS_DENIED", "TASK_NOT_VALID"])
def test_any_other_reason_says_nothing_of_what_was_asked_for(reason: str | None) -> None:
    """Least of all that a task is gone: with it the drain would be over while the task serves traffic."""
    gone = {"arn": "arn:y", "reason": "MISSING"}
    with pytest.raises(AwsUnavailable, match="ECS did not answer for arn:x"):
        gone_among({"failures": [gone, {"arn": "arn:x", "reason": reason, "detail": "try later"}]})


def test_a_reason_that_one_call_knows_leaves_the_arn_out() -> None:
    failures = [{"arn": "arn:x", "reason": "TASK_NOT_VALID"}]
    assert gone_among({"failures": failures}, "TASK_NOT_VALID") == frozenset()


def test_a_call_that_can_not_be_made_is_refused_and_not_tried_again() -> None:
    with pytest.raises(AwsRefused, match="can't be made"), translated():
        raise ParamValidationError(report="Missing required parameter")
