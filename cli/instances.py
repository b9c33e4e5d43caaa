"""Which instances the operator means: EC2 id, container-instance ARN or id, or private DNS name. Pure.

Names are whole names: a prefix would be handy until a script drains the wrong instance by one. What is unknown or
ambiguous is answered with the names that come close.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from chalicelib.common.wording import did_you_mean, shown
from chalicelib.explain.words import some
from cli.exit_codes import ExitCode
from cli.problems import Halt

NEAR_MISSES = 5
NAME = re.compile(r"[A-Za-z0-9._:/-]+", re.ASCII)
"""What every name of an instance, a container instance or a drain is made of."""
AN_INSTANCE = (
    "an EC2 instance id such as i-0123456789abcdef0, a container instance's ARN or id, or a private DNS name"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One container instance and the names it goes by."""

    instance_id: str
    arn: str
    """Of the container instance."""
    cluster: str
    """The cluster's ARN."""
    status: str = "ACTIVE"
    private_dns: str = ""
    """`ip-10-0-1-23.eu-west-1.compute.internal`; empty where nobody needed to ask EC2."""

    @property
    def id(self) -> str:
        """The last part of the container instance's ARN."""
        return self.arn.rsplit("/", 1)[-1]

    @property
    def names(self) -> frozenset[str]:
        """Every name that means this instance; the first label of the DNS name is one."""
        return frozenset(
            {self.instance_id, self.arn, self.id, self.private_dns, self.private_dns.partition(".")[0]}
        ) - {""}

    def __str__(self) -> str:
        dns = f"{self.private_dns}, " if self.private_dns else ""
        return f"{self.instance_id} ({dns}container instance {self.id} of cluster {short(self.cluster)}, {self.status})"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A name that means exactly one EC2 instance."""

    name: str
    instance_id: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that means none."""

    name: str
    near: tuple[Candidate, ...]
    searched: str = "the clusters that were searched"
    past: str = ""
    """How the last drain of an instance that is gone ended."""

    def __str__(self) -> str:
        if self.past:
            return (
                f"{self.name} is no longer a container instance of {self.searched}: it is gone; {self.past}"
            )
        near = "".join(f"\n    {candidate}" for candidate in self.near)
        hint = f"; close to it are{near}" if near else ""
        return f"{self.name} is no container instance of {self.searched}{hint}"


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A name that means several EC2 instances."""

    name: str
    candidates: tuple[Candidate, ...]

    def __str__(self) -> str:
        meant = "".join(f"\n    {candidate}" for candidate in self.candidates)
        return f"{self.name} means more than one instance; give an EC2 id instead:{meant}"


@dataclass(frozen=True, slots=True)
class NotDrained:
    """A name of something that no drain is for."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name} {self.why}"


EXTERNAL = re.compile(r"mi-[0-9a-f]{17}", re.ASCII)
"""An instance of ECS Anywhere, which Systems Manager names, and ECS gives as its `ec2InstanceId`.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-anywhere.html
"""
TASK = re.compile(r"arn:[^:]+:ecs:[^:]+:[0-9]{12}:task/.+", re.ASCII)

WHY_NOT_EXTERNAL = (
    "is an external instance (ECS Anywhere): no Auto Scaling group holds or terminates it, and ecs-drainer drains EC2 "
    "instances alone. To take it out of its cluster: aws ecs deregister-container-instance --cluster CLUSTER "
    "--container-instance ID --force"
)
WHY_NO_TASK = (
    "is a task: give the instance that it runs on. A task on Fargate has none of yours, and leaves with its service or "
    "by aws ecs stop-task"
)

Choice = Chosen | Unknown | Ambiguous | NotDrained


def refuse_what_is_no_name(
    names: Iterable[str], field: str = "INSTANCE", expected: str = AN_INSTANCE
) -> None:
    """Raise Halt for a name that nothing can have, so that AWS need not be asked for it."""
    wrong = [name for name in names if not NAME.fullmatch(name.strip())]
    if wrong:
        raise Halt(f"{field} is {shown(wrong[0])}: expected {expected}", code=ExitCode.USAGE)


def refuse_unknown_groups(names: Iterable[str], there: Collection[str]) -> None:
    """Raise Halt unless each name is that of an Auto Scaling group that is there."""
    unknown = [f"{shown(name)}{did_you_mean(name, there)}" for name in names if name not in there]
    if unknown:
        remedy = (
            f"the groups here: {some(sorted(there), 10)}"
            if there
            else "there is none: is it the right Region?"
        )
        raise Halt(f"There is no Auto Scaling group {some(unknown)}", remedy, ExitCode.NOT_FOUND)


def choose(names: Iterable[str], candidates: Sequence[Candidate]) -> tuple[Choice, ...]:
    """Say for each name which instance it means; a name given twice counts once."""
    return tuple(_choice(name, candidates) for name in dict.fromkeys(name.strip() for name in names))


def _choice(name: str, candidates: Sequence[Candidate]) -> Choice:
    meant = tuple(candidate for candidate in candidates if name in candidate.names)
    ids = {candidate.instance_id for candidate in meant}
    if EXTERNAL.fullmatch(name) or any(map(EXTERNAL.fullmatch, ids)):
        return NotDrained(name, WHY_NOT_EXTERNAL)
    if TASK.fullmatch(name):
        return NotDrained(name, WHY_NO_TASK)
    if len(ids) > 1:
        return Ambiguous(name, meant)
    return Chosen(name, ids.pop()) if ids else Unknown(name, near_misses(name, candidates))


def near_misses(name: str, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Return the candidates whose names begin like this one or differ in a few letters, best first."""
    by_name = {known: candidate for candidate in candidates for known in sorted(candidate.names)}
    close = [known for known in sorted(by_name) if len(name) > 3 and known.startswith(name)]
    close += get_close_matches(name, by_name, n=NEAR_MISSES)
    return tuple(dict.fromkeys(by_name[known] for known in close))[:NEAR_MISSES]


def chosen_ids(choices: Sequence[Choice], remedy: str = "") -> tuple[str, ...]:
    """Return the EC2 ids that were meant; raises Halt, with every wrong name, unless all names are good.

    `remedy` is what to do about names that are unknown.
    """
    wrong = [str(choice) for choice in choices if not isinstance(choice, Chosen)]
    if wrong:
        is_lost = any(isinstance(choice, Unknown) and not choice.past for choice in choices)
        raise Halt("\n".join(wrong), remedy if is_lost else "", ExitCode.NOT_FOUND)
    return tuple(dict.fromkeys(choice.instance_id for choice in choices if isinstance(choice, Chosen)))


def short(arn: str) -> str:
    """Return the last part of an ARN: a cluster's name, a task's id."""
    return arn.rsplit("/", 1)[-1]
