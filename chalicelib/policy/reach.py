"""What values that others wrote may reach: who may tag a group or a service is trusted with no more than that. Pure.

Topics, queues and clusters are of the stage's own account and Region, whoever names them. A topic or queue that a tag,
a hook's metadata or a request names stands in the stage's list besides (`ECS_DRAINER_TOPICS`, `ECS_DRAINER_QUEUES`).
SECURITY.md says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.common.wording import shown

# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html; `*` at the end for what begins so
TOPIC_NAMES = re.compile(r"[A-Za-z0-9_-]{1,256}\*?|\*", re.ASCII)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
QUEUE_NAMES = re.compile(r"[A-Za-z0-9_-]{1,80}(?:\.fifo|\*)?|\*", re.ASCII)

_QUEUE_URL = re.compile(r"https?://([^\s/]+)/(\d{12})/(\S+)", re.ASCII)
# The Region's endpoints, those of old among them: https://docs.aws.amazon.com/general/latest/gr/sqs-service.html
_QUEUE_HOST = re.compile(
    r"(?:sqs(?:-fips)?\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The stage's account and Region, and what others may name in them."""

    account: str
    region: str
    topics: tuple[str, ...] = ()
    """Names of SNS topics, `*` at the end for all that begin so."""
    queues: tuple[str, ...] = ("*",)
    """The same of SQS queues."""

    def why_not(self, setting: str, value: object, *, is_of_stage: bool) -> str | None:
        """Return why a setting may not have this value, typed, or None; `is_of_stage`: the stage itself says it."""
        if not isinstance(value, str) or not value.startswith("arn:"):
            return None
        if setting == "notify":
            return self.why_no_topic(value, is_of_stage=is_of_stage)
        return self.why_no_cluster(value) if setting == "cluster" else None

    def why_no_topic(self, arn: str, *, is_of_stage: bool) -> str | None:
        """Return why a notification may not go to a topic, or None; `is_of_stage`: the stage itself names it."""
        region, account, name = arn.split(":")[3:6]
        if (account, region) != (self.account, self.region):
            return self._elsewhere(arn, "topic")
        if is_of_stage or _is_among(name, self.topics):
            return None
        return f"{shown(arn)} is none of the stage's topics: expected {_listed(self.topics, 'ECS_DRAINER_TOPICS')}"

    def why_no_queue(self, queue: str) -> str | None:
        """Return why a queue, given by its URL or ARN, may not be read, or None."""
        region, account, name = _parts(queue)
        if (account, region) != (self.account, self.region):
            return self._elsewhere(queue, "queue")
        if _is_among(name, self.queues):
            return None
        return f"{shown(queue)} is none of the stage's queues: expected {_listed(self.queues, 'ECS_DRAINER_QUEUES')}"

    def why_no_cluster(self, cluster: str) -> str | None:
        """Return why an instance may not be looked for in a cluster, given its name or ARN, or None."""
        if not cluster.startswith("arn:"):
            return None
        region, account = cluster.split(":")[3:5]
        return (
            None if (account, region) == (self.account, self.region) else self._elsewhere(cluster, "cluster")
        )

    def _elsewhere(self, value: str, what: str) -> str:
        return f"{shown(value)} is elsewhere: expected a {what} of account {self.account} in {self.region}"


def _parts(queue: str) -> tuple[str, str, str]:
    """Return a queue's Region, account and name; a host that is none of SQS's has no Region."""
    if queue.startswith("arn:"):
        region, account, name = queue.split(":")[3:6]
        return region, account, name
    found = _QUEUE_URL.fullmatch(queue)
    host = found and _QUEUE_HOST.fullmatch(found[1])
    if not found or not host:
        return "", "", ""
    return host[1] or host[2], found[2], found[3]


def _is_among(name: str, patterns: Iterable[str]) -> bool:
    return any(
        name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern for pattern in patterns
    )


def _listed(patterns: tuple[str, ...], variable: str) -> str:
    return f"one of {variable} ({' '.join(patterns) or 'none'})"
