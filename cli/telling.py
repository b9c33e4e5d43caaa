"""Tells of what a person did to a drain, through the topic that its other notices go to."""

from __future__ import annotations

from chalicelib.common.errors import AccessDenied, DrainerError
from chalicelib.gateways.aws import client, translated
from chalicelib.tell.notice import Notice
from cli.desk import Desk


def tell(desk: Desk, notice: Notice, own_topic: str | None) -> None:
    """Publish a notice to the drain's own topic, or to the stage's where that fails; never raises for it.

    None tells nobody, as `notify: none` asks. Who may not publish has done the rest all the same: that is said.
    """
    if own_topic is None:
        return
    topics = list(dict.fromkeys((own_topic, desk.installation.topic)))
    for topic in topics:
        try:
            desk.ask(publish, topic, notice)
        except AccessDenied:
            problem = f"your credentials don't allow sns:Publish on {topic}"
        except DrainerError as refusal:
            problem = str(refusal)
        else:
            return
    desk.warn(f"Note: nobody is notified, because {problem}.")


def publish(topic: str, notice: Notice) -> None:
    """Publish a notice to an SNS topic, with a body for each kind of subscriber."""
    told = notice.to_state()
    with translated():
        client("sns").publish(
            TopicArn=topic, Subject=told["subject"], Message=told["message"], MessageStructure="json"
        )
