"""One function a transaction type: each answers with type, timestamp and message."""

from __future__ import annotations

from typing import Any


class InvalidAmountError(Exception):
    """The amount isn't a number above 0; the machine doesn't retry it, for it stays wrong."""


def process_purchase(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Return the answer for a purchase; raises InvalidAmountError."""
    return _answer(event, "PURCHASE", f"charged {_amount(event)}")


def process_refund(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Return the answer for a refund; raises InvalidAmountError."""
    return _answer(event, "REFUND", f"paid back {_amount(event)}")


def _amount(event: dict[str, Any]) -> str:
    amount = event["transaction"].get("Amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or amount <= 0:
        raise InvalidAmountError(f"Amount is {amount!r}: expected a number above 0, such as 12.50")
    return f"{amount:.2f}"


def _answer(event: dict[str, Any], transaction_type: str, message: str) -> dict[str, str]:
    return {"TransactionType": transaction_type, "Timestamp": event["now"], "Message": message}
