"""What the doctor recommends for each group: ECS's managed draining, watched, or a hook of ours, and why."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.explain.capacity import Provider
from cli.checkup_advice import Choice, advise
from cli.checkup_found import Capacity, Group, Level
from cli.exit_codes import ExitCode
from tests.cli.shell import shell
from tests.cli.test_checkup import a_group, a_hook, environment

MANAGED, OURS = Choice.MANAGED, Choice.OURS


def provided(*hooks: Any, **fields: Any) -> Group:
    """Return group `web` of a capacity provider of that name."""
    return a_group(*hooks, capacity=Capacity(providers=(Provider("web", group_name="web"),)), **fields)


ROWS: list[tuple[str, Group, Choice, str]] = [
    ("nothing asks for more", provided(), MANAGED, "nothing of its settings or services needs more"),
    ("ECS drains it already", provided(managed_draining_by="web"), MANAGED, "a deadline (1 h)"),
    ("there is no capacity provider", a_group(a_hook()), OURS, "no capacity provider has these instances"),
    (
        "the provider is another group's",
        a_group(capacity=Capacity(providers=(Provider("FARGATE"),))),
        OURS,
        "no capacity provider has these instances",
    ),
    ("stateful services", provided(stateful=("kafka",)), OURS, "stateful services (kafka) are asked before"),
    ("gates are on", provided(tags={"ecs-drainer:gates": "services"}), OURS, "(the setting gates)"),
    (
        "a budget",
        provided(tags={"ecs-drainer:max_concurrent_drains": "1 per zone"}),
        OURS,
        "max_concurrent_drains lets drains wait",
    ),
    (
        "a budget of the stage",
        provided(settings=environment(MAX_CONCURRENT_DRAINS="3")),
        OURS,
        "max_concurrent_drains lets drains wait",
    ),
    (
        "abandon at the deadline, by the hook's metadata",
        provided(a_hook(metadata='{"on_deadline": "abandon-anyway"}')),
        OURS,
        "on_deadline abandon is an answer to a lifecycle action of ours",
    ),
    ("what is abandoned is kept", provided(retains=True), OURS, "keeps what is abandoned"),
    (
        "stop-tasks, which a watch does too",
        provided(tags={"ecs-drainer:on_deadline": "stop-tasks"}),
        MANAGED,
        "1 h",
    ),
]


@pytest.mark.parametrize(("story", "group", "choice", "reason"), ROWS, ids=[row[0] for row in ROWS])
def test_each_group_is_advised_with_the_reason(story: str, group: Group, choice: Choice, reason: str) -> None:
    advice = advise(group)
    assert advice.choice is choice, story
    assert any(reason in told for told in advice.reasons), advice.reasons


TO_DO: list[tuple[str, Group, list[str]]] = [
    (
        "managed draining is to be switched on, watched, and our hook removed",
        provided(a_hook()),
        ["managedDraining=ENABLED", "Value=managed-draining spot-interruption", "delete-lifecycle-hook"],
    ),
    (
        "all is so already",
        provided(managed_draining_by="web", tags={"ecs-drainer:triggers": "managed-draining"}),
        ["nothing, it is so already"],
    ),
    (
        "a hook is to be put, and ECS's draining switched off",
        provided(stateful=("kafka",), managed_draining_by="web"),
        ["ecs-drainer enroll --asg web", "managedDraining=DISABLED"],
    ),
    ("a hook is there", a_group(a_hook()), ["nothing, it is so already"]),
]


@pytest.mark.parametrize(("story", "group", "steps"), TO_DO, ids=[row[0] for row in TO_DO])
def test_the_advice_says_what_is_to_be_done(story: str, group: Group, steps: list[str]) -> None:
    told = advise(group).to_do.split(" && ")
    assert len(told) == len(steps), (story, told)
    assert all(step in said for step, said in zip(steps, told, strict=True))


def test_advice_is_neither_an_error_nor_a_warning() -> None:
    """The doctor's exit code stays 0, and it says that nothing is wrong."""
    assert advise(provided()).complaint().level is Level.ADVICE
    with shell() as told:
        told.quietly("enroll --asg web-ecs")
        result = told.quietly("doctor")
    code, said = result.exit_code, result.stdout
    assert code == ExitCode.OK
    assert (
        "ADVICE group web-ecs: recommended is a lifecycle hook of ecs-drainer: no capacity provider has"
        in said
    )
    assert said.strip().endswith("nothing is wrong.")
