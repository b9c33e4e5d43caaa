"""What the console may do: nothing unless it was started so, and then what the command line would, checked again."""

from __future__ import annotations

import re

import pytest

from chalicelib.gateways.ledger import read_record
from cli import executions
from embedded_aws.clients import client as aws_client
from stories.world import Service
from tests.console.visitors import ORIGIN, Visitor, visitor

STUCK = Service(name="legacy", desired=3, minimum_percent=100, maximum_percent=100, has_target_group=False)


def writes(someone: Visitor) -> list[str]:
    """Return the calls by which anything was started, stopped or changed, since the log was cleared."""
    reads = ("Describe", "List", "Get", "Scan", "Query", "BatchGet")
    return [
        call.operation for call in someone.world.aws.requests.calls if not call.operation.startswith(reads)
    ]


@pytest.mark.parametrize("act", ["cancel", "extend", "stop"])
def test_a_console_that_only_shows_does_nothing(act: str) -> None:
    with visitor(STUCK) as someone:
        name = someone.begin()
        someone.world.aws.requests.clear()
        for answer in (
            someone.get(f"/drains/{name}/{act}"),
            someone.post(f"/drains/{name}/{act}", {"by": "30m"}),
        ):
            assert answer.status_code == 403
            assert "--allow-actions" in answer.text
        assert writes(someone) == []


def test_an_act_is_asked_for_first_and_a_question_changes_nothing() -> None:
    with visitor(STUCK, allows_actions=True) as someone:
        name = someone.begin()
        assert "Extend the deadline …" in someone.get(f"/drains/{name}").text
        someone.world.aws.requests.clear()
        for act in ("cancel", "extend", "stop"):
            asked = someone.get(f"/drains/{name}/{act}")
            assert asked.status_code == 200, asked.text
            assert f"/drains/{name}/{act}" in asked.text
        assert writes(someone) == []
        refused = someone.client.post(f"{someone.console.root}/drains/{name}/cancel", data={})
        assert refused.status_code == 403, "no Origin"
        assert someone.get(f"/drains/{name}/terminate").status_code == 404
        assert writes(someone) == []


def test_a_drain_is_cancelled_as_by_the_command() -> None:
    with visitor(STUCK, allows_actions=True) as someone:
        name = someone.begin()
        done = someone.post(f"/drains/{name}/cancel", {"reason": "the wrong one\u202e"})
        assert done.status_code == 200, done.text
        assert "is ACTIVE again" in done.text
        record = read_record(someone.console.desk.installation.ledger, name)
        assert record
        assert record.status == "cancelled"
        assert record.summary.startswith("cancelled: the wrong one")
        assert someone.console.feed.open == {}
        again = someone.post(f"/drains/{name}/cancel", {})
        assert again.status_code == 409
        assert "is not open any more, none is" in again.text


def test_an_instance_that_auto_scaling_takes_is_not_saved_and_the_dialog_says_so() -> None:
    with visitor(STUCK, allows_actions=True) as someone:
        someone.world.world.terminate(someone.world.ids[0])
        someone.world.sleep(60)
        someone.console.feed.read()
        name = next(iter(someone.console.feed.open))
        assert "Auto Scaling will terminate it" in someone.get(f"/drains/{name}/cancel").text
        refused = someone.post(f"/drains/{name}/cancel", {})
        assert refused.status_code == 409
        assert "Nothing was cancelled" in refused.text
        assert executions.running(someone.console.desk.installation.state_machine)
        assert someone.post(f"/drains/{name}/cancel", {"force": "yes"}).status_code == 200
        assert executions.running(someone.console.desk.installation.state_machine) == []


def test_only_the_tasks_that_were_ticked_are_stopped() -> None:
    other = Service(name="other", desired=3, minimum_percent=100, maximum_percent=100, has_target_group=False)
    with visitor(STUCK, other, allows_actions=True) as someone:
        name = someone.begin()
        asked = someone.get(f"/drains/{name}/stop").text
        tasks = re.findall(r'value="(arn:[^"]+)">\s*<span>(\w+)', asked)
        assert sorted(service for _, service in tasks) == ["legacy", "other"]
        ours = next(arn for arn, service in tasks if service == "legacy")
        stranger = re.sub("[0-9a-f]{32}", "0" * 32, ours)
        someone.world.aws.requests.clear()
        refused = someone.post(f"/drains/{name}/stop", {"task": [ours, stranger]})
        assert refused.status_code == 404
        assert someone.post(f"/drains/{name}/stop", {}).status_code == 404
        assert writes(someone) == []
        assert "StopTask was called for 1 task" in someone.post(f"/drains/{name}/stop", {"task": [ours]}).text
        assert writes(someone) == ["StopTask"]
        someone.world.sleep(60)
        left = aws_client("ecs").list_tasks(cluster="web", containerInstance=_container(someone))["taskArns"]
        assert [arn for arn, service in tasks if service == "other"] == left


def _container(someone: Visitor) -> str:
    return someone.world.world.container_instance(someone.world.ids[0])


@pytest.mark.parametrize("by", ["", "soon", "-5m", "10s", "400d"])
def test_an_extension_that_is_none_is_refused(by: str) -> None:
    with visitor(STUCK, allows_actions=True) as someone:
        name = someone.begin()
        refused = someone.post(f"/drains/{name}/extend", {"by": by})
        assert refused.status_code == 400, refused.text
        assert re.search("is not a duration such as|expected", refused.text)
        assert list(someone.console.feed.open) == [name]


def test_an_act_of_a_page_whose_drain_was_taken_over_touches_the_other_drain_not() -> None:
    with visitor(STUCK, allows_actions=True) as someone:
        name = someone.begin()
        assert someone.post(f"/drains/{name}/extend", {"by": "30m"}).status_code == 200
        someone.world.sleep(30)
        someone.console.feed.read()
        (extended,) = someone.console.feed.open
        assert extended != name
        late = someone.post(f"/drains/{name}/cancel", {}, origin=ORIGIN)
        assert late.status_code == 409
        assert f"{name} is not open any more, {extended} is" in late.text
        assert list(someone.console.feed.open) == [extended]
        assert f"/drains/{extended}" in someone.get(f"/drains/{name}").text, (
            "the old page leads to the new one"
        )
