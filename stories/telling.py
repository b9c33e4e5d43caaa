"""Tells a story: deploys the app, builds the world, and lets things happen on the virtual clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

from chalice.app import Chalice

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from embedded_aws.eventbridge import events_state
from stories.happenings import HAPPENINGS
from stories.stage import Stage, set_up
from stories.story import Story, WrongStory
from stories.world import GROUP


@contextmanager
def told(story: Story, app: Chalice) -> Iterator[Stage]:
    """Tell a story and give what came of it, while its embedded AWS still runs."""
    with begun(story, app) as stage:
        _let_pass(story, stage)
        yield stage


@contextmanager
def begun(story: Story, app: Chalice) -> Iterator[Stage]:
    """Set a story up and give its stage: what happens in it is booked on the clock, which has not moved yet."""
    with embedded_aws() as aws:
        stage = set_up(aws, story, app)
        # Its draws begin with the story, and are this telling's own.
        events_state().ecs = replace(story.events)
        _book(story, stage)
        yield stage


def _book(story: Story, stage: Stage) -> None:
    clock = stage.aws.clock
    for happening in story.happens:
        if happening.do not in HAPPENINGS:
            raise WrongStory(
                f"`{happening.do}` can't happen: expected one of {', '.join(sorted(HAPPENINGS))}"
            )
        action = partial(HAPPENINGS[happening.do], stage, **happening.given)
        clock.call_later(happening.at, action, happening.do)


def _let_pass(story: Story, stage: Stage) -> None:
    clock = stage.aws.clock
    last = max(happening.at for happening in story.happens)
    begin = max(last + 60, story.at_least)
    clock.advance(begin)
    left = timedelta(seconds=max(0, story.lasts - begin))
    ends_at = clock.now() + left
    if not clock.run_until(partial(_is_over, stage), left):
        clock.advance((ends_at - clock.now()).total_seconds())
    clock.advance(60)


def _is_over(stage: Stage) -> bool:
    answer = client("stepfunctions").list_executions(stateMachineArn=stage.deployment.state_machine)
    executions = answer["executions"]
    if not executions or any(execution["status"] == "RUNNING" for execution in executions):
        return False
    return not (stage.tells_of_all and _holds_an_instance())


def _holds_an_instance() -> bool:
    """Whether an instance leaves, or comes: a drain that gave up may begin anew."""
    (group,) = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])[
        "AutoScalingGroups"
    ]
    return any(each["LifecycleState"] != "InService" for each in group["Instances"])
