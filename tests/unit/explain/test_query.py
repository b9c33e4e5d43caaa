"""memberOf expressions judged from a described container instance, in the cluster query language."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.explain.query import satisfies
from docs.gallery.worlds import an_instance

INSTANCE = an_instance(
    "i-0abc",
    attributes={
        "ecs.availability-zone": "eu-west-1a",
        "ecs.instance-type": "m5.large",
        "stack": "prod",
        "flag": "",
    },
    running_tasks=3,
)

CASES = [
    ("an attribute's value", "attribute:stack == prod", True),
    ("another value", "attribute:stack == test", False),
    ("without spaces", "attribute:stack==prod", True),
    ("in words", "attribute:stack equals prod", True),
    ("an absent attribute equals nothing", "attribute:rack == 7", False),
    ("an absent attribute differs from everything", "attribute:rack != 7", True),
    ("in quotes", "attribute:stack == 'prod'", True),
    ("in a list", "attribute:ecs.availability-zone in [eu-west-1a, eu-west-1b]", True),
    ("not in a list", "attribute:ecs.availability-zone !in [eu-west-1b]", True),
    ("not in, in words", "attribute:ecs.availability-zone not_in [eu-west-1a]", False),
    ("an attribute without value exists", "attribute:flag exists", True),
    ("an attribute that doesn't exist", "attribute:rack !exists", True),
    ("a pattern matches the whole value", "attribute:ecs.instance-type =~ m5.*", True),
    ("a pattern doesn't match a part", "attribute:ecs.instance-type =~ m5", False),
    ("a pattern that is refused", "attribute:ecs.instance-type !~ g.*", True),
    ("both", "attribute:stack == prod and attribute:ecs.instance-type =~ m5.*", True),
    ("either", "attribute:stack == test || attribute:ecs.instance-type =~ m5.*", True),
    ("not", "not attribute:stack == prod", False),
    ("not, by sign", "!(attribute:stack == prod)", False),
    (
        "and binds closer than or",
        "attribute:stack == prod or attribute:stack == a and attribute:stack == b",
        True,
    ),
    ("parentheses", "(attribute:stack == prod or attribute:stack == a) and attribute:stack == b", False),
    ("an instance's id", "ec2InstanceId in ['i-0abc', 'i-0def']", True),
    ("the agent's connection", "agentConnected == true", True),
    ("a count", "runningTasksCount < 4", True),
    ("a count that is too high", "runningTasksCount <= 2", False),
    ("task groups can't be told from here", "task:group == service:web", None),
    (
        "what can't be told doesn't matter where the rest decides",
        "task:group == x or attribute:stack == prod",
        True,
    ),
    ("and neither where the rest forbids", "task:group == x and attribute:stack == test", False),
    ("but it matters where the rest allows", "task:group == x and attribute:stack == prod", None),
    ("a broken expression", "attribute:stack ==", None),
    ("an unclosed list", "attribute:stack in [prod", None),
    ("an unclosed parenthesis", "(attribute:stack == prod", None),
    ("a rest that nobody understands", "attribute:stack == prod prod", None),
    ("a broken pattern", "attribute:stack =~ *", None),
    ("a comparison of words", "attribute:stack > 4", None),
    ("an operator that isn't one", "attribute:stack resembles prod", None),
    ("nothing at all", "", None),
]


@pytest.mark.parametrize(("story", "expression", "verdict"), CASES, ids=[case[0] for case in CASES])
def test_an_expression_is_judged(story: str, expression: str, verdict: bool | None) -> None:
    assert satisfies(expression, INSTANCE) is verdict, story


@given(st.text(alphabet="attribue:sckpod =!~<>&|()[],'\"x ", max_size=60))
def test_no_expression_is_too_odd(expression: str) -> None:
    """A constraint that we can't read must not spoil the rest of the explanation."""
    assert satisfies(expression, INSTANCE) in {True, False, None}
