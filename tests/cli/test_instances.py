"""Which instance a name means."""

from __future__ import annotations

import re

import pytest

from cli.exit_codes import ExitCode
from cli.instances import Ambiguous, Candidate, Chosen, NotDrained, Unknown, choose, chosen_ids
from cli.problems import Halt

WEB = "arn:aws:ecs:eu-west-1:123456789012:cluster/web"
BATCH = "arn:aws:ecs:eu-west-1:123456789012:cluster/batch"


def a_candidate(number: int, cluster: str = WEB, dns: str = "", registration: str = "a") -> Candidate:
    """Return a container instance; registered again under another letter."""
    name = cluster.rsplit("/", 1)[-1]
    arn = f"arn:aws:ecs:eu-west-1:123456789012:container-instance/{name}/{registration * 24}{number:08x}"
    return Candidate(f"i-{number:017x}", arn, cluster, private_dns=dns)


ONE = a_candidate(1, dns="ip-10-0-0-1.eu-west-1.compute.internal")
TWO = a_candidate(2, dns="ip-10-0-0-2.eu-west-1.compute.internal")
AGAIN = a_candidate(1, registration="b")
ELSEWHERE = a_candidate(3, BATCH, dns="ip-10-0-0-1.eu-west-1.compute.internal")


@pytest.mark.parametrize(
    ("story", "name"),
    [
        ("the EC2 id", ONE.instance_id),
        ("the ARN of the container instance", ONE.arn),
        ("its id alone", ONE.id),
        ("the private DNS name", "ip-10-0-0-1.eu-west-1.compute.internal"),
        ("the first label of it", "ip-10-0-0-1"),
        ("with space around, from a copied line", f" {ONE.instance_id} "),
    ],
)
def test_every_name_means_the_instance(story: str, name: str) -> None:
    assert choose([name], [ONE, TWO]) == (Chosen(name.strip(), ONE.instance_id),), story


def test_an_instance_that_registered_again_is_still_one() -> None:
    """The agent lost its state: two container instances, one EC2 instance, one drain."""
    assert choose([ONE.instance_id], [ONE, AGAIN]) == (Chosen(ONE.instance_id, ONE.instance_id),)


def test_two_networks_may_use_one_dns_name() -> None:
    (choice,) = choose(["ip-10-0-0-1"], [ONE, TWO, ELSEWHERE])
    assert choice == Ambiguous("ip-10-0-0-1", (ONE, ELSEWHERE))
    assert ELSEWHERE.instance_id in str(choice)
    assert "cluster batch" in str(choice)


@pytest.mark.parametrize(
    ("story", "name", "near"),
    [
        ("two digits swapped", "i-00000000000000010", (ONE, TWO)),
        ("the beginning alone: a prefix is no name", ONE.id[:-1], (ONE, TWO)),
        ("nothing like it", "kafka", ()),
    ],
)
def test_an_unknown_name_is_answered_with_what_comes_close(
    story: str, name: str, near: tuple[Candidate, ...]
) -> None:
    (choice,) = choose([name], [ONE, TWO])
    assert isinstance(choice, Unknown)
    assert set(choice.near) == set(near), story


def test_a_name_given_twice_counts_once_and_two_names_of_one_instance_too() -> None:
    choices = choose([ONE.instance_id, ONE.instance_id, ONE.id], [ONE, TWO])
    assert chosen_ids(choices) == (ONE.instance_id,)


def test_every_wrong_name_is_told_at_once() -> None:
    with pytest.raises(Halt) as refused:
        chosen_ids(choose(["kafka", ONE.instance_id, "ip-10-0-0-1"], [ONE, ELSEWHERE]))
    assert refused.value.problem.code is ExitCode.NOT_FOUND
    assert "kafka is no container instance" in refused.value.problem.sentence
    assert "ip-10-0-0-1 means more than one" in refused.value.problem.sentence


def test_a_name_of_the_past_needs_no_other_cluster() -> None:
    past = Unknown("i-1", (), "cluster web in eu-west-1", "its last drain ended as drained")
    with pytest.raises(Halt) as refused:
        chosen_ids([past], "another --cluster?")
    assert refused.value.problem.sentence == (
        "i-1 is no longer a container instance of cluster web in eu-west-1: it is gone; its last drain ended as drained"
    )
    assert not refused.value.problem.remedy


EXTERNAL = "mi-0123456789abcdef0"


@pytest.mark.parametrize(
    ("story", "name", "why"),
    [
        ("an external instance", EXTERNAL, "is an external instance (ECS Anywhere)"),
        ("its container instance", "c" * 32, "is an external instance (ECS Anywhere)"),
        ("one that no cluster knows", "mi-0fedcba9876543210", "is an external instance (ECS Anywhere)"),
        ("a task", "arn:aws:ecs:eu-west-1:123456789012:task/web/0a1b", "A task on Fargate has none of yours"),
    ],
)
def test_what_no_drain_is_for_gets_a_clear_answer(story: str, name: str, why: str) -> None:
    """ECS developer guide, "external instances": their `ec2InstanceId` is the id that Systems Manager gave."""
    arn = f"arn:aws:ecs:eu-west-1:123456789012:container-instance/web/{'c' * 32}"
    (choice,) = choose([name], [ONE, Candidate(EXTERNAL, arn, WEB)])
    assert isinstance(choice, NotDrained), story
    with pytest.raises(Halt, match=re.escape(why)):
        chosen_ids([choice])
