"""The errors that Auto Scaling answers, beyond those of moto."""

from __future__ import annotations

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError

__all__ = [
    "ActiveInstanceRefreshNotFoundError",
    "AlreadyExistsError",
    "InstanceRefreshInProgressError",
    "LimitExceededError",
    "ResourceInUseError",
    "ValidationError",
]


class ResourceInUseError(AutoscalingClientError):  # type: ignore[misc]  # moto ships no types
    """A group that still has instances is deleted without force."""

    code = "ResourceInUse"


class AlreadyExistsError(AutoscalingClientError):  # type: ignore[misc]  # as above
    """A group of the name exists."""

    code = "AlreadyExists"


class LimitExceededError(AutoscalingClientError):  # type: ignore[misc]  # as above
    """A group has 50 lifecycle hooks already."""

    code = "LimitExceeded"


class InstanceRefreshInProgressError(AutoscalingClientError):  # type: ignore[misc]  # as above
    """A second instance refresh is started on a group."""

    code = "InstanceRefreshInProgress"
    message = "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh."


class ActiveInstanceRefreshNotFoundError(AutoscalingClientError):  # type: ignore[misc]  # as above
    """There is no instance refresh to cancel."""

    code = "ActiveInstanceRefreshNotFound"
    message = "No in progress or pending Instance Refresh found for the Auto Scaling group."
