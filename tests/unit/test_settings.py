"""What the stage's environment says, and what becomes of a wrong value in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.events import LifecycleAction
from chalicelib.policy import resolve
from chalicelib.policy.settings import Settings

MACHINE = "arn:aws:states:eu-west-1:123456789012:stateMachine:ecs-drainer-dev"


def test_an_empty_environment_looks_everywhere_and_acts_on_every_hook() -> None:
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert resolve([settings.policy]) == resolve([])


def test_each_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "ECS_DRAINER_CLUSTERS": "shop, arn:aws:ecs:eu-west-1:123456789012:cluster/batch",
            "ECS_DRAINER_HOOKS": "ecs-drain*",
            "ECS_DRAINER_DEADLINE": "20m",
            "STATE_MACHINE_ARN": MACHINE,
        }
    )
    assert settings.clusters == ("shop", "arn:aws:ecs:eu-west-1:123456789012:cluster/batch")
    assert (settings.hooks, settings.state_machine_arn, settings.notices) == (("ecs-drain*",), MACHINE, ())
    assert resolve([settings.policy]).policy.deadline.total_seconds() == 1200
    assert resolve([settings.policy]).notices == ()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "ECS_DRAINER_CLUSTERS",
            "shop ba$h",
            "ECS_DRAINER_CLUSTERS holds 'ba$h': expected ECS clusters, by name or ARN",
        ),
        (
            "ECS_DRAINER_HOOKS",
            "a?",
            "ECS_DRAINER_HOOKS holds 'a?': expected names of lifecycle hooks; it counts as empty.",
        ),
        ("STATE_MACHINE_ARN", "drainer", "STATE_MACHINE_ARN is 'drainer': expected a state machine's ARN"),
    ],
)
def test_a_wrong_value_is_passed_over_as_a_whole(name: str, value: str, sentence: str) -> None:
    """Half a list of clusters would make an instance of the other half one without tasks, and release it."""
    settings = Settings.from_environment({name: value})
    assert (settings.clusters, settings.hooks, settings.state_machine_arn) == ((), (), None)
    assert [sentence in notice for notice in settings.notices] == [True]


@pytest.mark.parametrize(
    ("hooks", "hook", "ours"),
    [
        ("", "anything", True),
        ("ecs-drain*", "ecs-drainer", True),
        ("ecs-drain*", "ship-logs", False),
        ("a b", "b", True),
    ],
)
def test_a_hook_of_others_is_left_to_them(hooks: str, hook: str, ours: bool) -> None:
    action = LifecycleAction(auto_scaling_group="workers", hook=hook)
    why_not = Settings.from_environment({"ECS_DRAINER_HOOKS": hooks}).why_not_ours(action)
    assert why_not == (None if ours else "lifecycle hook ship-logs is none of ECS_DRAINER_HOOKS (ecs-drain*)")


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "ECS_DRAINER_CLUSTERS",
                "ECS_DRAINER_HOOKS",
                "STATE_MACHINE_ARN",
                "ECS_DRAINER_POLL",
                "ECS_DRAINER_",
            ]
        ),
        st.text(max_size=30),
    )
)
def test_no_environment_fails_a_lambda(environ: dict[str, str]) -> None:
    settings = Settings.from_environment(environ)
    assert resolve([settings.policy]).policy.cluster is None
    assert len(settings.notices) <= 3


@pytest.mark.parametrize(
    ("value", "bus"), [("", "default"), ("drains", "drains"), ("none", None), (" a b", "default")]
)
def test_the_bus_is_named_or_none(value: str, bus: str | None) -> None:
    """EventBridge, CreateEventBus: a name has letters, digits, dots, dashes, underscores and slashes."""
    settings = Settings.from_environment({"ECS_DRAINER_EVENT_BUS": value})
    assert settings.event_bus == bus
    assert settings.notices == (
        ("ECS_DRAINER_EVENT_BUS is 'a b': expected the name of an event bus, or none; default is taken.",)
        if " a" in value
        else ()
    )
    assert resolve([settings.policy]).notices == (), "it is none of a drain's settings"


@pytest.mark.parametrize(
    ("value", "https"), [("", "chat"), ("chat", "chat"), ("json", "json"), ("text", "chat")]
)
def test_what_https_subscribers_get_is_chosen(value: str, https: str) -> None:
    settings = Settings.from_environment({"ECS_DRAINER_HTTPS_NOTICES": value})
    assert settings.https_notices == https
    assert settings.notices == (
        ("ECS_DRAINER_HTTPS_NOTICES is 'text': expected chat or json; chat is taken.",)
        if value == "text"
        else ()
    )
