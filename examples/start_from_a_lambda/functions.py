"""Starts an execution under a name of the caller's choice, so that the same request started twice runs once."""

from __future__ import annotations

import json
import os
import re
from typing import Any

import boto3


class InvalidTransactionIdError(Exception):
    """The id can't be an execution's name."""


class TransactionConflictError(Exception):
    """The id belongs to a transaction with another input."""


def start_transaction(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Start the machine under the transaction's id and return its execution and whether this call started it.

    Raises InvalidTransactionIdError, or TransactionConflictError where the id stands for another input.
    StartExecution answers the same name with the same input, while that execution runs, as it did the first
    time; once it has closed, or for another input, with ExecutionAlreadyExists:
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    """
    name = _execution_name(event.get("TransactionId"))
    # Sorted keys: the same transaction is the same text, whatever order its sender wrote it in.
    text = json.dumps(event, sort_keys=True)
    stepfunctions = boto3.client("stepfunctions")
    machine = os.environ["STATE_MACHINE_ARN"]
    try:
        answer = stepfunctions.start_execution(stateMachineArn=machine, name=name, input=text)
    except stepfunctions.exceptions.ExecutionAlreadyExists:
        return _as_the_first(
            stepfunctions, f"{machine.replace(':stateMachine:', ':execution:')}:{name}", text
        )
    return {"ExecutionArn": answer["executionArn"], "TransactionId": name}


def _execution_name(transaction_id: object) -> str:
    if not isinstance(transaction_id, str) or not re.fullmatch(r"[0-9A-Za-z_-]{1,80}", transaction_id):
        raise InvalidTransactionIdError(
            f"TransactionId is {transaction_id!r}: expected 1 to 80 letters, digits, hyphens or underscores"
        )
    return transaction_id


def _as_the_first(stepfunctions: Any, arn: str, text: str) -> dict[str, Any]:
    first = stepfunctions.describe_execution(executionArn=arn)
    if first["input"] != text:
        raise TransactionConflictError(
            f"TransactionId {first['name']!r} stands for {first['input']}, not for {text}: send another id"
        )
    return {"ExecutionArn": first["executionArn"], "TransactionId": first["name"]}
