"""An answer is what moto makes of it, though what it calls each member is found out once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.serialize import XFormedAttributePicker, get_serializer_class
from moto.core.utils import get_service_model

from embedded_aws.requests import picking, writing

picking.install()
writing.install()
AT = datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)


class AsksAnew(XFormedAttributePicker):  # type: ignore[misc]  # moto ships no types
    """The usual picker under another name, for which moto asks each time."""


class Aliased:
    """A model of moto's that names an alias of its own."""

    class Meta:  # as moto's models have it
        """What moto looks for."""

        serialization_aliases = {"serviceName": "called"}  # noqa: RUF012  # as above

    called, name = "web", "not this"


def service(**more: Any) -> dict[str, Any]:
    """An ECS service with lists, instants and members that moto finds by other names."""
    east = AT.astimezone(timezone(timedelta(hours=2)))
    events = [
        {"id": "1", "createdAt": AT, "message": ""},
        {"id": "2", "created_at": east, "message": "(service web)"},
    ]
    return {"service_arn": "arn:web", "desiredCount": "2", "events": events, "tags": None, **more}


class State(Enum):
    """What moto's models have for a text."""

    WEB = "web"


ANSWERS: list[tuple[str, str, Any]] = [
    ("ecs", "DescribeServices", {"services": [service(), service(roleArn=7), Aliased()], "failures": []}),
    ("ecs", "DescribeServices", SimpleNamespace(services=[SimpleNamespace(**service())])),
    ("ecs", "DescribeServices", {"services": [service(deployments=[None, {"rolloutState": State.WEB}])]}),
    (
        "ecs",
        "DescribeServices",
        {"services": [service(events=()), {**service(), "Events": None}], "failures": None},
    ),
    ("dynamodb", "GetItem", {"Item": {"web": {"S": "1"}, "": {"M": {"n": {"N": "1"}}}, "raw": {"B": b"a"}}}),
    (
        "autoscaling",
        "DescribeAutoScalingGroups",
        {
            "AutoScalingGroups": [
                SimpleNamespace(name="x", auto_scaling_group_name="web-ecs", created_time=AT)
            ]
        },
    ),
]
WRITTEN = {"autoscaling": "2026-03-02T10:00:00.123456Z", "ecs": "1772445600.123", "dynamodb": "YQ=="}
TRANSFORMERS = {
    "Service.events": lambda events: (events or [])[:1],
    "Groups.member.Instances": lambda _: None,
}


@pytest.mark.parametrize("transformers", [{}, TRANSFORMERS])
@pytest.mark.parametrize("answer", ANSWERS)
def test_it_is_the_answer_that_moto_gives(answer: tuple[str, str, Any], transformers: Any) -> None:
    """Twice by the names that are known, as the first time they are found out, and once by moto's own way."""
    service_name, operation, result = answer
    model = get_service_model(service_name)
    serializer = get_serializer_class(service_name, model.protocol)
    picker = XFormedAttributePicker(response_transformers=transformers)
    given = [
        serializer(model.operation_model(operation), value_picker=each).serialize(result)["body"]
        for each in (picker, picker, AsksAnew(response_transformers=transformers))
    ]
    assert given[0] == given[1] == given[2]
    assert "web" in given[0]
    assert WRITTEN[service_name] in given[0]
