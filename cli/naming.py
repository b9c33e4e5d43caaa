"""What tasks are called for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chalicelib.common.model import Task
from chalicelib.look.decide import name_of


def names_of(tasks: Iterable[Task]) -> dict[str, str]:
    """Return by ARN the service, or the family, that each task is of."""
    return {task.arn: name_of(task) for task in tasks}


def by_cluster(arns: set[str]) -> Mapping[str, set[str]]:
    """Group task ARNs (`…:task/CLUSTER/ID`) by cluster; the short ones of old accounts are of `default`."""
    parts = {arn: arn.split(":task/", 1)[-1].split("/") for arn in arns}
    clusters = {part[0] if len(part) > 1 else "default" for part in parts.values()}
    return {
        cluster: {arn for arn, part in parts.items() if (part[0] if len(part) > 1 else "default") == cluster}
        for cluster in sorted(clusters)
    }
