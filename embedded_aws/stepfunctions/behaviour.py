"""Switches for what the documentation of Step Functions leaves open."""

from __future__ import annotations

from dataclasses import dataclass

from embedded_aws import aws


@dataclass
class Behaviour:
    """What AWS leaves open; a test sets it on `behaviour()`."""

    names_errors_by_code: bool = False
    """Whether an error that the service's model lacks is named by its code (`AutoScaling.ValidationErrorException`)
    rather than by its service (`AutoScaling.AutoScalingException`); the developer guide, "AWS SDK service
    integrations", shows neither."""
    stops_children_unasked: bool = False
    """Whether a child of `.sync` is stopped with its parent although the parent's role may not stop executions; the
    developer guide, "Run a job (.sync)", says that stopping is tried, and asks for the permission."""


def behaviour() -> Behaviour:
    """Return the switches of the running embedded Step Functions."""
    return aws.current().part("stepfunctions.behaviour", Behaviour)
