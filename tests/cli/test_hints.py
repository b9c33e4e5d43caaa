"""Hints that run as they are printed: what a person copies goes where the command that told it went."""

from __future__ import annotations

import pytest

from cli.hints import runnable, where_asked
from tests.cli.shell import shell

PLAN = "`ecs-drainer plan i-1` tells what would be"


@pytest.mark.parametrize(
    ("story", "given", "hint"),
    [
        ("nothing was said of where", {}, "`ecs-drainer plan i-1` tells what would be"),
        ("in the sandbox", {"in_sandbox": True}, "`ecs-drainer plan i-1 --sandbox` tells what would be"),
        (
            "the sandbox has neither Regions nor profiles",
            {"in_sandbox": True, "region": "eu-west-1", "profile": "ops", "stage": "prod"},
            "`ecs-drainer plan i-1 --stage prod --sandbox` tells what would be",
        ),
        (
            "in an account",
            {"stage": "prod", "region": "eu-west-1", "profile": "two words", "in_sandbox": False},
            "`ecs-drainer plan i-1 --stage prod --region eu-west-1 --profile 'two words'` tells what would be",
        ),
        ("how results are written is no place", {"output": "json"}, PLAN),
    ],
)
def test_a_hint_goes_where_the_command_went(story: str, given: dict[str, object], hint: str) -> None:
    assert runnable(PLAN, where_asked(given)) == hint, story


@pytest.mark.parametrize(
    ("story", "text"),
    [
        ("it names its own stage", "`ecs-drainer install --stage dev`"),
        ("the sandbox's own commands", "start it with `ecs-drainer sandbox up`"),
        ("a rehearsal asks nobody", "`ecs-drainer rehearse cluster.json`"),
        ("a package, no command", "install `ecs-drainer[sandbox]` where you installed `ecs-drainer`; once"),
        ("a tag", "the tag `ecs-drainer:deadline`"),
        ("another program", "`chalice deploy --stage dev`"),
    ],
)
def test_what_needs_no_option_gets_none(story: str, text: str) -> None:
    assert runnable(text, ("--stage prod",)) == text, story


def test_each_command_of_a_sentence_gets_it() -> None:
    told = runnable(
        "`ecs-drainer watch a b` attaches again, `ecs-drainer cancel a b` ends it", ("--sandbox",)
    )
    assert (
        told == "`ecs-drainer watch a b --sandbox` attaches again, `ecs-drainer cancel a b --sandbox` ends it"
    )


def test_the_answer_to_a_sign_off_gets_it_too() -> None:
    """The remedy of a gate is written in the stage, where nobody knows how its reader will ask."""
    remedy = "        remedy: when it may be stopped: ecs-drainer sign-off 0a1b2c"
    assert runnable(f"{remedy}\nmore", ("--sandbox",)) == f"{remedy} --sandbox\nmore"


def test_answers_and_refusals_name_the_stage_that_was_given() -> None:
    """Both ways out: a result on standard output, an error on standard error."""
    with shell(instances=1) as told:
        (instance,) = told.ids
        answered = told.quietly(f"explain {instance} --stage dev")
        assert f"`ecs-drainer plan {instance} --stage dev`" in answered.stdout
        refused = told.quietly(f"show {instance} --stage dev")
        assert f"`ecs-drainer drain {instance} --stage dev`" in refused.stderr
        unsaid = told.quietly(f"explain {instance}")
        assert f"`ecs-drainer plan {instance}`" in unsaid.stdout
