"""Publishes notices to SNS: to the topic that a drain's policy names, or to the stage's where that can't be."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.common.errors import AccessDenied, AwsRefused, DrainerError
from chalicelib.gateways.aws import client, translated
from chalicelib.tell.bodies import CHAT, Notice


@dataclass(frozen=True, slots=True)
class Told:
    """Which topic heard a notice, and why the policy's own did not."""

    topic: str | None
    untold: DrainerError | None = None


def publish(
    notice: Notice, topic: str | None, stage_topic: str, *, https: str = CHAT, is_last_try: bool = False
) -> Told:
    """Publish a notice with a body for each kind of subscriber; nobody is told where `topic` is None.

    `https`: what its subscribers by HTTPS get, `chat` or `json`.

    A topic that is gone, or refuses, is passed over for the stage's, which every later notice goes to as well; so is
    one that can't be reached at the last try. Raises Throttled or AwsUnavailable, and AwsRefused or AccessDenied where
    the stage's own topic refuses. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    if topic is None:
        return Told(None)
    try:
        send(notice, topic, https)
    except DrainerError as refused:
        if topic == stage_topic or not (is_last_try or is_final(refused)):
            raise
        send(notice, stage_topic, https)
        return Told(stage_topic, refused)
    return Told(topic)


def is_final(error: DrainerError) -> bool:
    """Whether AWS would answer the same again."""
    return isinstance(error, AccessDenied | AwsRefused)


def send(notice: Notice, topic: str, https: str = CHAT) -> None:
    """Publish a notice to one topic, with what subscribers filter by; raises what every gateway does."""
    told = notice.to_state(https)
    with translated():
        client("sns").publish(
            TopicArn=topic,
            Subject=told["subject"],
            Message=told["message"],
            MessageStructure="json",
            MessageAttributes=notice.attributes(),
        )
