"""Spreads the beginnings of drains: each takes a turn, of which there are as many as ECS's reads allow.

All drains of an account share 20 ECS resource reads a second, and 100 at once; one takes five of them in its first
seconds. Without turns thousands that begin in the same second keep each other, and those that end, from reading.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html

Items: `turns#<window>`, a count. They are read by nobody else, and expire.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.common.errors import ConditionFailed
from chalicelib.gateways.aws import client, translated

WINDOW_SECONDS = 5
TURNS_A_WINDOW = 20
"""Four drains a second: 20 reads."""
KEPT_SECONDS = 3600


def take_turn(table: str, at: datetime) -> bool:
    """Take one of the window's turns; returns False where none is left. Raises what every gateway does."""
    seconds = int(at.timestamp())
    try:
        with translated():
            client("dynamodb").update_item(
                TableName=table,
                Key={"pk": {"S": f"turns#{seconds // WINDOW_SECONDS}"}},
                UpdateExpression="ADD taken :one SET expires_at = :expires",
                ConditionExpression="attribute_not_exists(taken) OR taken < :most",
                ExpressionAttributeValues={
                    ":one": {"N": "1"},
                    ":most": {"N": str(TURNS_A_WINDOW)},
                    ":expires": {"N": str(seconds + KEPT_SECONDS)},
                },
            )
    except ConditionFailed:
        return False
    return True
