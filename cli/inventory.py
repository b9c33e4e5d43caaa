"""Reads what instances there are to choose from, and what the stage was told about clusters and settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.common.errors import AccessDenied, AwsRefused
from chalicelib.common.model import stamp
from chalicelib.events.fields import INSTANCE_ID
from chalicelib.explain.words import some
from chalicelib.gateways import ecs
from chalicelib.gateways.aws import all_pages, client, in_batches, translated
from chalicelib.gateways.ledger import read_records
from chalicelib.policy.settings import Settings
from cli.desk import Desk
from cli.exit_codes import ExitCode
from cli.installation import Installation
from cli.instances import Candidate, Unknown, choose, chosen_ids, refuse_what_is_no_name, short
from cli.problems import Halt

DESCRIBED_AT_ONCE = 100
ELSEWHERE = (
    "is it in another cluster or Region? --cluster (of plan, drain, explain and fleet) and --region say which"
)
ELSEWHERE_BUT_ALL_CLUSTERS = (
    "is it in another Region? --region says which; all clusters of this one were searched"
)


@dataclass(frozen=True, slots=True)
class StageSettings:
    """What the deployed functions were told; the built-in defaults where nothing is deployed or may be read."""

    settings: Settings
    is_deployed: bool = True
    notice: str = ""


def read_stage(installation: Installation) -> StageSettings:
    """Return the settings in the environment of the stage's planning function.

    Read, not invoked: whoever may only look can plan too.
    """
    try:
        known = read_environment(installation)
    except AccessDenied:
        function = installation.function("plan_drain")
        return StageSettings(
            Settings(), notice=f"the settings of {function} may not be read: built-in defaults count"
        )
    if known is None:
        notice = f"{installation.absence}, and built-in defaults count; {installation.remedy}"
        return StageSettings(Settings(), False, notice)
    arn, variables = known
    return StageSettings(Settings.from_environment(variables).at(arn))


def read_environment(installation: Installation) -> tuple[str, dict[str, str]] | None:
    """Return the ARN and the environment of the stage's planning function; None where nothing is deployed."""
    aws = client("lambda")
    with translated():
        try:
            answer = aws.get_function_configuration(FunctionName=installation.function("plan_drain"))
        except aws.exceptions.ResourceNotFoundException:
            return None
    return answer["FunctionArn"], answer.get("Environment", {}).get("Variables", {})


def refusal(desk: Desk) -> Halt:
    """Return what ends a command that needs the deployed stage where there is none."""
    absence = desk.installation.absence
    return Halt(absence[0].upper() + absence[1:], desk.installation.remedy, ExitCode.NOT_FOUND)


def clusters(desk: Desk, asked: str | None, settings: Settings) -> list[str]:
    """Return the ARNs of the clusters to search: the one asked for, else the stage's, else all.

    Raises Halt where ECS doesn't know one of them.
    """
    if asked is not None:
        refuse_what_is_no_name([asked], "--cluster", "an ECS cluster's name or ARN")
    wanted = [asked] if asked else list(settings.clusters)
    if not wanted:
        return desk.ask(ecs.list_clusters)
    known = desk.ask(describe_clusters, wanted)
    unknown = [name for name in wanted if short(name) not in {short(arn) for arn in known}]
    if unknown:
        there = [short(arn) for arn in desk.ask(ecs.list_clusters)]
        raise Halt(
            f"There is no ECS cluster {some(unknown)} in {desk.installation.region}",
            f"the clusters here: {some(sorted(there), 10)}"
            if there
            else "there is none at all: is it the right Region?",
            ExitCode.NOT_FOUND,
        )
    return known


def describe_clusters(names: Sequence[str]) -> list[str]:
    """Return the ARNs of those of these clusters, given by name or ARN, that are ACTIVE."""
    with translated():
        answer = client("ecs").describe_clusters(clusters=list(names))
    return [one["clusterArn"] for one in answer["clusters"] if one["status"] == "ACTIVE"]


def read_candidates(arns: Sequence[str]) -> list[Candidate]:
    """Return every container instance of these clusters, without their DNS names."""
    return [
        Candidate(one.ec2_instance_id, one.arn, cluster, one.status)
        for cluster in arns
        for one in ecs.all_container_instances(cluster)
    ]


def with_dns(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates with their private DNS names, which only EC2 knows."""
    names: dict[str, str] = {}
    for batch in in_batches(sorted({one.instance_id for one in candidates}), DESCRIBED_AT_ONCE):
        filters = [{"Name": "instance-id", "Values": list(batch)}]
        for reservation in all_pages(
            client("ec2").describe_instances, "Reservations", "NextToken", Filters=filters
        ):
            names |= {one["InstanceId"]: one.get("PrivateDnsName", "") for one in reservation["Instances"]}
    return [replace(one, private_dns=names.get(one.instance_id, "")) for one in candidates]


def find_instances(
    desk: Desk, names: Sequence[str], cluster: str | None, settings: Settings
) -> tuple[str, ...]:
    """Return the EC2 ids that the operator's names mean; raises Halt with near misses for those that mean none.

    What no instance can be called is refused before ECS is asked.
    """
    refuse_what_is_no_name(names)
    arns = clusters(desk, cluster, settings)
    candidates = desk.ask(read_candidates, arns)
    choices = choose(names, candidates)
    if any(isinstance(choice, Unknown) for choice in choices):
        choices = choose(names, desk.ask(with_dns, candidates))
    searched = _searched(arns, desk.installation.region)
    told = [_told(desk, choice, searched) if isinstance(choice, Unknown) else choice for choice in choices]
    return chosen_ids(told, ELSEWHERE if cluster or settings.clusters else ELSEWHERE_BUT_ALL_CLUSTERS)


def _searched(arns: Sequence[str], region: str) -> str:
    names = sorted(short(arn) for arn in arns)
    if not names:
        return f"any cluster: there is none in {region}"
    return f"{'cluster' if len(names) == 1 else 'clusters'} {some(names)} in {region}"


def _told(desk: Desk, unknown: Unknown, searched: str) -> Unknown:
    """Return an unknown name with where it was looked for, and how the last drain of an instance that is gone ended."""
    return replace(unknown, searched=searched, past=_past(desk, unknown.name))


def _past(desk: Desk, name: str) -> str:
    if not INSTANCE_ID.fullmatch(name):
        return ""
    try:
        records = desk.ask(read_records, desk.installation.ledger, name)
    except (AccessDenied, AwsRefused):  # nothing is deployed, or the ledger isn't for this caller
        return ""
    if not records:
        return ""
    last = records[0]
    if last.is_open:
        return f"its drain is open, see `ecs-drainer status {name}`"
    at = f" at {stamp(last.ended_at)}" if last.ended_at else ""
    return f"its last drain ended as {last.status}{at}, see `ecs-drainer show {name}`"
