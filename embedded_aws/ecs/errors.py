"""What the handlers of ECS refuse alike, in its words."""

from __future__ import annotations

from moto.ecs.exceptions import EcsClientException as ClientError
from moto.ecs.exceptions import InvalidParameterException as InvalidParameter

__all__ = ["ClientError", "InvalidParameter", "require_at_most", "require_some"]


def require_at_most(limit: int, items: list[str], name: str) -> None:
    """Raise InvalidParameter for more than `limit` items; ECS words it so for containerInstances."""
    if len(items) > limit:
        raise InvalidParameter(f"{name} can have at most {limit} items")


def require_some(items: list[str], name: str) -> None:
    """Raise InvalidParameter for an empty list."""
    if not items:
        raise InvalidParameter(f"{name} cannot be empty.")
