"""The doors by which words come in that are only ever shown: causes, reasons, names, what ECS and AWS say."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from chalicelib.explain import Blocker, BlockerKind, group, render_text
from chalicelib.look.decide import BLOCKED
from chalicelib.steps.explain import preface
from chalicelib.tell.notice import compose, compose_declined
from tests.builders import START, after
from tests.hostile import values
from tests.hostile.knocking import Answer, Door, Drawn, Stage
from tests.hostile.of_policy import planned

OCCASIONS = ("started", "explained", "ended", "failed", "troubled", "heartbeat-refused", "already-draining")
LARGEST_MESSAGE = 262_144
"""Bytes: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""


def _draw(random: Random) -> Drawn:
    """Draw an occasion with words for each place that takes any."""
    names = (
        "who",
        "reason",
        "cause",
        "error",
        "notice",
        "summary",
        "event",
        "service",
        "group",
        "instance",
    )
    return {"occasion": random.choice(OCCASIONS), **{name: values.text(random) for name in names}}, names


def _state(words: dict[str, Any]) -> dict[str, Any]:
    """Return the machine's state with such words, as its readers let them in."""
    tags = {"ecs-drainer:deadline": words["notice"], "ecs-drainer:" + words["group"]: words["summary"]}
    state = planned(tags, words["notice"]).to_state()
    error = {"Error": words["error"], "Cause": words["cause"]}
    lambda_error = {"Error": "Lambda.Unknown", "Cause": json.dumps({"errorMessage": words["cause"]})}
    subject = f"service {words['service']}"
    blocker = Blocker(BlockerKind.GATE_UNREADABLE, subject, words["event"], "correct or remove the tag", ())
    told = json.dumps({"service": words["service"], "event": "E", "reason": words["event"]})
    text = [
        *preface(BLOCKED, {"memory": {"troubles": [told]}}),
        render_text(group([blocker]), [words["event"]]),
    ]
    return {
        **state,
        "failure": error,
        "trouble": lambda_error,
        "heartbeat_trouble": error,
        "untold": lambda_error,
        "explanation": {**state["explanation"], "text": "\n".join(text)},
        "look": {**state["look"], "explain": "stuck"},
        "outcome": {"name": "deadline"},
        "cancelled": {
            "who": words["who"],
            "why": words["reason"],
            "fate": "and ACTIVE again",
            "sentence": "It is ACTIVE again.",
        },
        "open": {"Item": {"execution": {"S": "arn:aws:states:eu-west-1:123456789012:execution:d:other"}}},
    }


def _tell(_: Stage, words: dict[str, Any]) -> Answer:
    state, occasion = _state(words), words["occasion"]
    if occasion == "failed":
        state = {"instance_id": words["instance"], "failure": state["failure"]}
    if occasion == "already-draining":
        told = compose_declined(state, "arn:e", START).to_state()
    else:
        told = compose(occasion, state, "arn:e", after(minutes=5)).to_state()
    subject, message = told["subject"], told["message"]
    assert subject.isascii(), subject
    assert 0 < len(subject) <= 100, subject
    assert len(message.encode()) <= LARGEST_MESSAGE, len(message)
    bodies = json.loads(message)
    json.loads(bodies["sqs"])
    return Answer(shown="\n".join([subject, *bodies.values()]))


DOORS = (Door("words in notices", _draw, _tell),)
