"""The errors of the ECS API, with the codes that botocore's model of ECS knows."""

from __future__ import annotations

from moto.ecs.exceptions import ECSException


class EcsError(ECSException):  # type: ignore[misc]  # moto ships no types
    """Any error answer of ECS."""


class ClientError(EcsError):
    """The request can't be done as it stands (`ClientException`, HTTP 400)."""

    def __init__(self, message: str) -> None:
        super().__init__("ClientException", message)


class InvalidParameter(EcsError):  # noqa: N818  # AWS's own name of the error, less its Exception
    """A parameter is out of its bounds (`InvalidParameterException`, HTTP 400)."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidParameterException", message)


class ServiceNotActive(EcsError):  # noqa: N818  # as above
    """The service was deleted (`ServiceNotActiveException`, HTTP 400)."""

    def __init__(self) -> None:
        super().__init__("ServiceNotActiveException", "Service was not ACTIVE.")


def require_at_most(limit: int, items: list[str], name: str) -> None:
    """Raise InvalidParameter for more than `limit` items; ECS words it so for containerInstances."""
    if len(items) > limit:
        raise InvalidParameter(f"{name} can have at most {limit} items")


def require_some(items: list[str], name: str) -> None:
    """Raise InvalidParameter for an empty list."""
    if not items:
        raise InvalidParameter(f"{name} cannot be empty.")
