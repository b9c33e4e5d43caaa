"""What the command says of stateful services: before a drain, while its gates are closed, and a person's answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app import app as chalice_app
from chalicelib.gateways import aws as gateway
from cli.exit_codes import ExitCode
from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from stories.deployment import deploy
from stories.world import Service, World
from tests.cli.shell import Shell

DEDUPE = Service(
    name="dedupe",
    has_target_group=False,
    tags={"ecs-drainer:sign-off": "required 30m", "ecs-drainer:order": "1"},
)
SCHEDULER = Service(
    name="scheduler", desired=1, has_target_group=False, tags={"ecs-drainer:replacement": "standby"}
)


@contextmanager
def a_shell(*services: Service) -> Iterator[Shell]:
    with embedded_aws() as aws:
        gateway.client.cache_clear()
        deployment = deploy(chalice_app, {})
        world = World(client, aws.clock.advance)
        with aws.requests.unthrottled():
            world.build(services, tags={"ecs-drainer:gates": "services"})
        yield Shell(aws, world, deployment)
    gateway.client.cache_clear()


def test_the_plan_names_the_closed_gate_and_its_remedy() -> None:
    with a_shell(SCHEDULER) as shell:
        tasks = client("ecs").list_tasks(cluster="web", serviceName="scheduler")["taskArns"]
        described = client("ecs").describe_tasks(cluster="web", tasks=tasks)["tasks"]
        plans = [shell.quietly(f"plan {instance}").output for instance in shell.ids]
    assert len(described) == 1
    (told,) = [plan for plan in plans if "Gates:" in plan]
    assert "No replacement is on standby on another container instance" in told
    assert "--desired-count <one more>" in told


def test_a_drain_before_closed_gates_is_explained_and_a_person_answers_for_its_task() -> None:
    with a_shell(DEDUPE) as shell:
        shell.world.terminate(shell.ids[0])
        shell.aws.clock.advance(30)
        explained = shell.quietly(f"explain {shell.ids[0]}").output
        assert "nothing is touched yet" in explained
        assert "A task hasn't signed off yet" in explained
        assert "sign-off-awaited" in shell.quietly("status").output
        task = explained.partition("ecs-drainer sign-off ")[2].split()[0]
        refused = shell.quietly(f"sign-off {task} --refuse --reason compaction")
        assert "may not be stopped" in refused.output
        assert "has until" in shell.quietly(f"sign-off {task} --more-time 5").output
        assert shell.quietly(f"sign-off {task}").output == f"Task {task} may be stopped.\n"
        shell.aws.clock.advance(60)
        assert "gates are closed" not in shell.quietly("status").output
        assert shell.quietly("sign-off nonsense").exit_code == ExitCode.USAGE
        for option in ("", "--more-time 5"):
            unasked = shell.quietly(f"sign-off {'0' * 32} {option}")
            assert unasked.exit_code == ExitCode.NOT_FOUND
            assert "no drain has asked it" in unasked.output
            assert "`ecs-drainer status` shows which tasks were asked" in unasked.output
