"""The file of a snapshot: what is kept of AWS's answers, and what is refused when it is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.common.errors import InvalidInput
from rehearsal.schema import SNAPSHOT, TASK_DEFINITION, check, cut_down
from rehearsal.snapshot import read
from tests.rehearsal.a_snapshot import DOCUMENT, a_snapshot


def test_a_snapshot_reads_as_it_was_written() -> None:
    assert read(a_snapshot().written()).document == DOCUMENT


def test_no_environment_no_command_and_no_image_is_kept() -> None:
    """ "No secrets": what isn't listed is left out, so that what AWS adds tomorrow is left out as well."""
    answered = {
        "taskDefinitionArn": "arn",
        "family": "web",
        "revision": 1,
        "taskRoleArn": "arn:aws:iam::123456789012:role/web",
        "containerDefinitions": [
            {
                "name": "web",
                "image": "private/web@sha256:00",
                "environment": [{"name": "TOKEN", "value": "hush"}],
                "secrets": [{"name": "KEY", "valueFrom": "arn"}],
                "command": ["--password", "hush"],
                "stopTimeout": 30,
            }
        ],
    }
    kept = cut_down(TASK_DEFINITION, answered)
    assert kept["containerDefinitions"] == [{"name": "web", "stopTimeout": 30}]
    assert "taskRoleArn" not in kept


def test_instants_are_kept_to_the_millisecond_in_utc() -> None:
    at = datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)
    assert cut_down({"at": datetime}, {"at": at}) == {"at": "2026-03-02T10:00:00.123Z"}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"tasks": None}, "`the snapshot.tasks` is None: expected a list"),
    ({"colour": "red"}, "`colour` of the snapshot is unknown"),
    ({"taken_at": "yesterday"}, "is 'yesterday': expected an instant such as"),
    ({"services": [{"serviceName": "web"}]}, "of the snapshot.services[0] is missing"),
    ({"is_anonymised": 1}, "is 1: expected true or false"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_what_does_not_follow_the_schema_is_refused_by_name(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(json.dumps({**DOCUMENT, **change}))
    assert said in str(refusal.value)


def test_the_whole_document_follows_the_schema() -> None:
    check(SNAPSHOT, DOCUMENT)
