"""The cluster query language, row by row (developer guide, cluster-query-language)."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from embedded_aws.aws import EPOCH
from embedded_aws.ecs.errors import InvalidParameter
from embedded_aws.ecs.model import ContainerInstance
from embedded_aws.ecs.query import compile_query

ARN = "arn:aws:ecs:eu-west-1:123456789012:container-instance/web/0123456789abcdef0123456789abcdef"


def an_instance() -> ContainerInstance:
    """A connected instance with two tasks, one of the service `web`, and the attribute stack=blue."""
    instance = ContainerInstance(
        ARN,
        "web",
        "c",
        "i-0abc",
        2048,
        7782,
        2,
        {"stack": "blue", "gpu": None, "type": "t3.large"},
        [],
        EPOCH,
    )
    for number, group in enumerate(("service:web", "family:batch")):
        task: Any = SimpleNamespace(
            is_live=True, desired_status="RUNNING", launch=SimpleNamespace(group=group)
        )
        instance.tasks[str(number)] = task
    return instance


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("ec2InstanceId == i-0abc", True),
        ("ec2InstanceId==i-0abc", True),
        ("ec2InstanceId == 'i-0abc'", True),
        ('ec2InstanceId equals "i-0abc"', True),
        ("ec2InstanceId == i-0ab", False),
        ("ec2InstanceId != i-0abc", False),
        ("ec2InstanceId in ['i-0abc', 'i-0def']", True),
        ("ec2InstanceId in [i-0def]", False),
        ("ec2InstanceId !in [i-0def]", True),
        ("ec2InstanceId not_in [i-0abc,i-0def]", False),
        ("ec2InstanceId =~ i-0.*", True),
        ("ec2InstanceId !~ i-0.*", False),
        ("ec2InstanceId matches 'i-(0abc|0def)'", True),
        ("agentConnected == true", True),
        ("agentConnected == false", False),
        ("runningTasksCount > 1", True),
        ("runningTasksCount >= 3", False),
        ("runningTasksCount < 10", True),
        ("runningTasksCount less_than_equal 2", True),
        ("task:group == service:web", True),
        ("task:group == service:api", False),
        ("not(task:group == service:web)", False),
        ("attribute:stack == blue", True),
        ("attribute:stack exists", True),
        ("attribute:gpu exists", True),
        ("attribute:none exists", False),
        ("attribute:none !exists", True),
        ("attribute:type =~ t3.*", True),
        ("agentVersion == 1.90.0", True),
        ("attribute:stack == blue && agentConnected == true", True),
        ("attribute:stack == green and agentConnected == true", False),
        ("attribute:stack == green || agentConnected == true", True),
        ("attribute:stack == green or agentConnected == false", False),
        ("agentConnected == true || attribute:stack == green && attribute:stack == red", True),
        ("(agentConnected == true || attribute:stack == green) && attribute:stack == red", False),
        ("!(attribute:stack == green)", True),
    ],
)
def test_an_expression_selects_the_instance_or_not(query: str, matches: bool) -> None:
    assert compile_query(query)(an_instance()) is matches


@pytest.mark.parametrize(
    "query",
    ["ec2InstanceId", "ec2InstanceId ==", "ec2InstanceId = i-0abc", "colour == red", "ec2InstanceId in i-0abc",
     "(agentConnected == true", "agentConnected == true true", "ec2InstanceId in [i-0abc", "", "'unclosed"],
)  # fmt: skip
def test_a_malformed_expression_is_refused_with_itself_in_the_sentence(query: str) -> None:
    with pytest.raises(InvalidParameter, match="Invalid filter expression"):
        compile_query(query)


def test_registered_at_compares_as_time() -> None:
    later = (EPOCH + timedelta(days=1)).isoformat()
    assert compile_query(f"registeredAt < '{later}'")(an_instance())
