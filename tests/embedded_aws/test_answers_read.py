"""What a client reads from an answer in JSON is what botocore reads, though each shape's way is worked out once."""

from __future__ import annotations

import json
import time
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel
from botocore.parsers import JSONParser

from embedded_aws.requests import reading

reading.install()


class ReadsAnew(JSONParser):  # type: ignore[misc]  # botocore ships no types
    """The parser of JSON under another name, for which botocore asks at each value."""


TASK = {"startedAt": 1772445600.123, "taskArn": "arn:1", "containers": [{"name": "web", "exitCode": 0}, None]}
TAKEN = {
    "Item": {
        "id": {"S": "1"},
        "seen": {"SS": ["b", "a"]},
        "raw": {"B": "YQ=="},
        "deep": {"M": {"n": {"N": "1"}}},
    }
}
ANSWERS: list[tuple[str, str, Any]] = [
    ("ecs", "DescribeTasks", {"tasks": [TASK, {**TASK, "unknown": 1, "stoppedAt": None}], "failures": []}),
    (
        "ecs",
        "DescribeTasks",
        {"tasks": [{**TASK, "startedAt": "2026-03-02T10:00:00Z"}, {**TASK, "startedAt": 5}]},
    ),
    ("dynamodb", "GetItem", TAKEN),
    (
        "bedrock-runtime",
        "Converse",
        {"output": {"message": {"role": "user", "content": [{"text": "a"}, {"new": 1}]}}},
    ),
]


def read(parser: JSONParser, service: str, operation: str, answer: Any) -> Any:
    """Return what the parser makes of an answer's body."""
    model = ServiceModel(
        botocore.session.get_session().get_component("data_loader").load_service_model(service, "service-2")
    )
    shape = model.operation_model(operation).output_shape
    response = {"status_code": 200, "headers": {}, "body": json.dumps(answer).encode()}
    return [parser.parse(response, shape) for _ in range(2)]


@pytest.mark.parametrize(("service", "operation", "answer"), ANSWERS)
def test_it_is_what_botocore_reads(service: str, operation: str, answer: Any) -> None:
    """Empty elements, unknown members, sets, bytes, unions, instants in each form: twice, and botocore's way."""
    known, anew = (read(parser, service, operation, answer) for parser in (JSONParser(), ReadsAnew()))
    assert known == anew
    assert list(known[0]) == list(anew[0])
    assert known[0] is not known[1]


def test_nothing_that_can_change_is_shared() -> None:
    """Who changes an answer changes no later one."""
    first, second = read(JSONParser(), "ecs", "DescribeTasks", {"tasks": [TASK]})
    first["tasks"][0]["containers"].clear()
    assert second["tasks"][0]["containers"] == TASK["containers"]


def test_an_instant_is_read_anew_in_another_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore gives instants the zone that the process is in."""
    offsets = []
    for zone in ("UTC", "EST5", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        first, _ = read(JSONParser(), "ecs", "DescribeTasks", {"tasks": [TASK]})
        offsets.append(first["tasks"][0]["startedAt"].utcoffset().total_seconds())
    monkeypatch.undo()
    time.tzset()
    assert offsets == [0, -5 * 3600, 0]
