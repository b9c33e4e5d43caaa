"""The console from one world to the next: an end that is seen, an event before any look, an account with nothing."""

from __future__ import annotations

import re

import boto3

from chalicelib.gateways import aws as gateway
from cli.desk import Desk
from cli.edge import Edge
from embedded_aws.aws import embedded_aws
from stories.world import Service, World
from tests.console.visitors import visit, visitor

QUICK = Service(name="web", desired=3, has_target_group=False)


def test_an_end_is_seen_and_told() -> None:
    with visitor(QUICK) as someone:
        name = someone.begin(1)
        assert len(someone.console.feed.open) == 1
        someone.world.sleep(600)
        someone.console.feed.read()
        assert someone.console.feed.open == {}
        page = someone.get().text
        assert "No drain is open" in page
        assert "drained, and left DRAINING: every task is STOPPED" in page
        assert 'class="verdict good"' in someone.get(f"/drains/{name}").text
        assert name in someone.get("/history").text
        assert name in someone.get(f"/history?instance={someone.world.ids[1]}").text
        assert "knows no past drain of" in someone.get(f"/history?instance={someone.world.ids[0]}").text


def test_a_task_is_shown_stopped_when_an_event_says_so_before_any_look() -> None:
    """ECS's events reach the console by the ledger: `wake` takes the task out of the row that is waited on."""
    first = Service(name="slow", desired=3, has_target_group=False, labels={"stops-after": "25"})
    with visitor(first, QUICK) as someone:
        name = someone.begin(0)
        seen = set[str]()
        for _ in range(60):
            someone.world.sleep(2)
            seen |= set(
                re.findall(r"STOPPED, by an event", someone.console.pages.parts_of_one(name).get("tasks", ""))
            )
            someone.console.feed.read()
        assert seen == {"STOPPED, by an event"}


def test_where_nothing_is_deployed_it_says_so_and_explains_instances() -> None:
    with embedded_aws() as aws:
        gateway.client.cache_clear()
        world = World(boto3.client, aws.clock.advance)
        with aws.requests.unthrottled():
            ids = world.build((QUICK,), None)
        edge = Edge(now=aws.clock.now, sleep=aws.clock.advance)
        with visit(Desk(edge)) as (console, client):
            page = client.get(f"{console.root}/").text
            assert "has nothing deployed" in page
            assert ids[0] in client.get(f"{console.root}/instances").text
            assert (
                "ACTIVE and not being drained"
                in client.get(f"{console.root}/instances/{ids[0]}/explanation").text
            )
            assert client.get(f"{console.root}/history").status_code == 404
    gateway.client.cache_clear()
