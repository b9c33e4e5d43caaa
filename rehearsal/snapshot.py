"""A cluster at one instant, as a file: all that a drain depends on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from chalicelib.common.errors import InvalidInput
from chalicelib.common.wording import shown
from rehearsal.schema import SNAPSHOT, check

FORMAT = "ecs-drainer snapshot"
VERSION = 1
Item = dict[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that follows the schema; `document` is its JSON, never changed in place."""

    document: Item

    @property
    def taken_at(self) -> datetime:
        """When it was taken."""
        return datetime.fromisoformat(self.document["taken_at"])

    @property
    def cluster(self) -> str:
        """The cluster's name."""
        return str(self.document["cluster"]["clusterName"])

    @property
    def services(self) -> list[Item]:
        """As DescribeServices told them."""
        found: list[Item] = self.document["services"]
        return found

    @property
    def tasks(self) -> list[Item]:
        """As DescribeTasks told them."""
        found: list[Item] = self.document["tasks"]
        return found

    @property
    def groups(self) -> list[Item]:
        """As DescribeAutoScalingGroups told them, each with its `hooks` and its `warmPool`."""
        found: list[Item] = self.document["groups"]
        return found

    @property
    def instances(self) -> list[Item]:
        """As DescribeContainerInstances told them."""
        found: list[Item] = self.document["container_instances"]
        return found

    @cached_property
    def ec2(self) -> dict[str, Item]:
        """As DescribeInstances told them, by id."""
        return {each["InstanceId"]: each for each in self.document["ec2_instances"]}

    @cached_property
    def definitions(self) -> dict[str, Item]:
        """Task definitions by ARN."""
        return {each["taskDefinitionArn"]: each for each in self.document["task_definitions"]}

    @cached_property
    def target_groups(self) -> dict[str, Item]:
        """Target groups by ARN."""
        return {each["TargetGroupArn"]: each for each in self.document["target_groups"]}

    def written(self) -> str:
        """Return the file's text."""
        return json.dumps(self.document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read(text: str) -> Snapshot:
    """Read a snapshot's file; raises InvalidInput with a sentence for what is none, or of another version."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidInput(
            f"this is no snapshot: expected what `ecs-drainer snapshot` wrote, {error}"
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InvalidInput(f"this is no snapshot: expected `format` to be {FORMAT!r}")
    if document.get("version") != VERSION:
        said = shown(document.get("version"))
        raise InvalidInput(f"`version` of the snapshot is {said}: expected {VERSION}; take it anew")
    check(SNAPSHOT, document)
    return Snapshot(document)
