"""Capacity providers at the command line: plan foresees, and explain needs nothing of ours in the account."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import boto3
import pytest
from typer.testing import CliRunner, Result

from chalicelib.gateways import aws as gateway
from cli.edge import Edge
from cli.exit_codes import ExitCode
from cli.main import app
from stories.world import CLUSTER
from tests.cli.shell import shell
from tests.embedded_aws.ecs.provided import Provided, provided


@contextmanager
def a_zone_each() -> Iterator[tuple[Provided, Callable[[str], Result]]]:
    """Give three capacity providers of one instance each, with room for no more, nothing of ours, and a terminal."""
    with provided() as world:
        gateway.client.cache_clear()
        for name in ("a", "b", "c"):
            world.provide(name, 1, most=1)
        world.serve("store", 1, {"capacityProvider": "a", "weight": 1})
        world.advance(60)
        (doomed,) = world.world.instances("a-ecs")
        edge = Edge(now=world.aws.clock.now, sleep=world.aws.clock.advance)
        yield world, lambda word: CliRunner().invoke(app, [word, doomed], obj=edge, prog_name="ecs-drainer")
    gateway.client.cache_clear()


def test_plan_foresees_the_deadlock_of_three_one_zone_providers() -> None:
    with a_zone_each() as (_, run):
        ran = run("plan")
        assert ran.exit_code == ExitCode.BLOCKED, ran.output
        said = " ".join(ran.stdout.split())
        assert "no other instance of capacity provider a takes tasks" in said
        assert "is at its maximum of 1" in said
        assert "--auto-scaling-group-name a-ecs --max-size 2" in said


def test_explain_gives_the_same_where_nothing_is_installed() -> None:
    with a_zone_each() as (world, run):
        (task,) = world.tasks("store")
        boto3.client("ecs").update_container_instances_state(
            cluster=CLUSTER, containerInstances=[task["containerInstanceArn"]], status="DRAINING"
        )
        world.advance(120)
        ran = run("explain")
        assert ran.exit_code == ExitCode.OK, ran.output
        assert "othing is deployed" in ran.stderr
        assert "* The group behind the capacity provider is at its maximum (1 task)" in ran.stdout
        assert "--auto-scaling-group-name a-ecs --max-size 2" in ran.stdout


@pytest.mark.parametrize("service", ["dynamodb"])
def test_a_ledger_that_may_not_be_read_costs_only_a_note(service: str) -> None:
    with shell() as opened:
        opened.aws.requests.fail_next(
            service, "GetItem", "AccessDeniedException", "not authorized", status=400, times=20
        )
        ran = opened.quietly(f"explain {opened.ids[0]}")
        assert ran.exit_code == ExitCode.OK, ran.output
        assert "whether a drain of ours is open can't be told" in ran.stderr
