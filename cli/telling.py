"""Tells of what a person did to a drain, where its other news go: its topic, and the bus of its events."""

from __future__ import annotations

from chalicelib.common.errors import AccessDenied, DrainerError
from chalicelib.gateways import events
from chalicelib.gateways.topics import send
from chalicelib.policy.settings import Settings
from chalicelib.tell.bodies import Notice
from chalicelib.tell.event import drain_event
from cli.desk import Desk
from cli.inventory import read_stage


def tell(desk: Desk, notice: Notice, own_topic: str | None) -> None:
    """Put the event on the stage's bus, and publish the notice; never raises for either.

    It goes to the drain's own topic, or to the stage's where that fails; None tells no topic, as `notify: none` asks.
    Who may not do it has done the rest all the same: that is said.
    """
    settings = desk.ask(read_stage, desk.installation).settings
    _put_event(desk, notice, settings)
    if own_topic is None:
        return
    topics = list(dict.fromkeys((own_topic, desk.installation.topic)))
    for topic in topics:
        try:
            desk.ask(send, notice, topic, settings.https_notices)
        except AccessDenied:
            problem = f"your credentials don't allow sns:Publish on {topic}"
        except DrainerError as refusal:
            problem = str(refusal)
        else:
            return
    desk.warn(f"Note: nobody is notified, because {problem}.")


def _put_event(desk: Desk, notice: Notice, settings: Settings) -> None:
    happened, bus = drain_event(notice), settings.event_bus
    if happened is None or bus is None:
        return
    try:
        desk.ask(events.put, happened, bus)
    except AccessDenied:
        desk.warn(
            f"Note: no event is put, because your credentials don't allow events:PutEvents on bus {bus}."
        )
    except DrainerError as refusal:
        desk.warn(f"Note: no event is put, because {refusal}.")
