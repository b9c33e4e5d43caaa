"""What goes wrong around a command: throttles, credentials, Ctrl-C, nobody to ask. Sentences, never stack traces."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from chalicelib.common.errors import AccessDenied, AwsUnavailable, DrainerError, InvalidRequest, Throttled
from chalicelib.gateways.aws import ours, translated
from cli.exit_codes import ExitCode
from cli.problems import Halt, problem_of
from embedded_aws.requests import Fault
from tests.cli.shell import Shell, shell


def answered(code: str, message: str = "no", status: int = 400) -> ClientError:
    """Return AWS's answer to DescribeTasks."""
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "DescribeTasks")


def through_a_gateway(error: Exception) -> DrainerError:
    """Return what a gateway makes of an error."""
    with pytest.raises(DrainerError) as raised, translated():
        raise error
    return raised.value


PROBLEMS: list[tuple[str, Exception, ExitCode, str]] = [
    ("no credentials", boto.NoCredentialsError(), ExitCode.NOT_ALLOWED, "No AWS credentials were found"),
    ("expired", answered("ExpiredTokenException"), ExitCode.NOT_ALLOWED, "Your AWS credentials have expired"),
    ("expired, EC2's word", answered("RequestExpired"), ExitCode.NOT_ALLOWED, "have expired"),
    ("expired single sign-on", boto.UnauthorizedSSOTokenError(), ExitCode.NOT_ALLOWED, "have expired"),
    (
        "a deleted key",
        answered("InvalidClientTokenId"),
        ExitCode.NOT_ALLOWED,
        "AWS does not know these credentials",
    ),
    (
        "not allowed",
        answered("AccessDeniedException", "not authorized"),
        ExitCode.NOT_ALLOWED,
        "You may not do this",
    ),
    ("throttled", answered("ThrottlingException", "Rate exceeded"), ExitCode.UNAVAILABLE, "AWS throttles"),
    ("down", answered("ServiceUnavailable", status=503), ExitCode.UNAVAILABLE, "ServiceUnavailable"),
    (
        "offline",
        boto.EndpointConnectionError(endpoint_url="https://x"),
        ExitCode.UNAVAILABLE,
        "could not be reached",
    ),
    ("no such table", answered("ResourceNotFoundException"), ExitCode.NOT_FOUND, "ResourceNotFoundException"),
    ("anything else", answered("ClusterNotFoundException"), ExitCode.FAILED, "ClusterNotFoundException"),
]


@pytest.mark.parametrize(("story", "error", "code", "said"), PROBLEMS, ids=[row[0] for row in PROBLEMS])
def test_an_error_of_aws_becomes_a_sentence_and_a_code(
    story: str, error: Exception, code: ExitCode, said: str
) -> None:
    problem = problem_of(through_a_gateway(error))
    assert problem is not None, story
    assert problem.code is code
    assert said in problem.sentence


def test_the_rest_of_the_family() -> None:
    profile, region = problem_of(boto.ProfileNotFound(profile="x")), problem_of(boto.NoRegionError())
    assert profile is not None
    assert profile.code is ExitCode.NOT_ALLOWED
    assert region is not None
    assert (region.code, region.remedy) == (ExitCode.USAGE, "give --region, or set AWS_REGION")
    wrong = problem_of(InvalidRequest("deadline of the request: 'soon' is not a duration"))
    assert wrong is not None
    assert wrong.code is ExitCode.USAGE
    assert problem_of(Halt("no", code=ExitCode.REFUSED).__class__("no")) is not None
    assert problem_of(ZeroDivisionError()) is None, "a fault of ours is told as such"


def test_what_is_said_of_a_missing_permission_is_for_operators() -> None:
    """The gateway's sentence speaks of the functions' policy files, which a person has none of."""
    problem = problem_of(ours(answered("AccessDenied", "not authorized to perform: ecs:ListTasks")))
    assert problem is not None
    assert "policy file" not in problem.sentence
    assert "ecs:ListTasks" in problem.sentence


@pytest.fixture(scope="module")
def told() -> Iterator[Shell]:
    """One small world for all stories below."""
    with shell(instances=2) as one:
        yield one


def test_a_throttled_read_is_repeated_more_slowly(told: Shell) -> None:
    began_at = told.aws.clock.now()
    told.aws.requests.fail_next(
        "ecs", "ListClusters", code="ThrottlingException", message="Rate exceeded", times=2
    )
    assert told.quietly(f"plan {told.ids[0]}").exit_code == 0
    assert (told.aws.clock.now() - began_at).total_seconds() == 1 + 2


def test_throttled_again_and_again_is_said_as_such(told: Shell) -> None:
    told.aws.requests.fail_next(
        "ecs", "ListClusters", code="ThrottlingException", message="Rate exceeded", times=5
    )
    ran = told.quietly(f"plan {told.ids[0]}")
    assert ran.exit_code == ExitCode.UNAVAILABLE
    assert ran.stderr.startswith("Error: AWS throttles: ListClusters was answered with ThrottlingException")
    assert "Traceback" not in ran.output


def test_expired_credentials_are_said_as_such(told: Shell) -> None:
    told.aws.requests.fail_next("sts", "GetCallerIdentity", code="ExpiredToken", message="expired", times=1)
    ran = told.quietly("list")
    assert (ran.exit_code, ran.stderr.splitlines()[0]) == (
        ExitCode.NOT_ALLOWED,
        "Error: Your AWS credentials have expired",
    )


def test_missing_credentials_are_not_asked_for_again(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking again brings none; fifteen seconds of retries would only look like a hang."""

    def without(*_: object) -> None:
        raise AwsUnavailable("AWS could not be reached") from boto.NoCredentialsError()

    monkeypatch.setattr("cli.desk.locate", without)
    began_at = told.aws.clock.now()
    assert told.quietly("list").exit_code == ExitCode.NOT_ALLOWED
    assert told.aws.clock.now() == began_at


def test_a_fault_of_the_program_is_a_sentence_too(told: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("cli.desk.locate", broken)
    ran = told.quietly("list")
    assert ran.exit_code == ExitCode.FAILED
    assert "ecs-drainer itself failed: ZeroDivisionError: division by zero" in ran.stderr
    assert "Traceback" not in ran.output


def test_nobody_there_to_answer_needs_yes(told: Shell) -> None:
    ran = told.quietly(f"drain {told.ids[0]}")
    assert ran.exit_code == ExitCode.REFUSED
    assert "give --yes" in ran.stderr


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_a_person_is_shown_the_plan_and_asked(told: Shell, answer: str) -> None:
    """nomad asks too; anything but a clear yes is a no."""
    ran = told.quietly(f"drain {told.ids[0]}", edge=told.edge(can_ask=True), answer=answer)
    assert ran.exit_code == ExitCode.REFUSED
    assert re.search(r"holds \d task", ran.stderr)
    assert f"Drain 1 instance: {told.ids[0]}? [y/N]" in ran.stderr
    assert "Nothing was drained" in ran.stderr


def test_a_wrong_setting_is_refused_before_anything_is_asked(told: Shell) -> None:
    calls = len(told.aws.requests.calls)
    ran = told.quietly(f"drain {told.ids[0]} --yes --deadline soon")
    assert ran.exit_code == ExitCode.USAGE
    assert "deadline of the request: 'soon' is not a duration" in ran.stderr
    assert not [call for call in told.aws.requests.calls[calls:] if call.operation == "StartExecution"]


def test_a_stage_that_is_not_deployed(told: Shell) -> None:
    ran = told.quietly(f"drain {told.ids[0]} --yes --stage prod")
    assert ran.exit_code == ExitCode.NOT_FOUND
    assert "Nothing is deployed as stage prod in eu-west-1" in ran.stderr
    planned = told.quietly(f"plan {told.ids[0]} --stage prod")
    assert planned.exit_code == 0, "a plan needs no installation"
    assert "nothing is deployed as stage prod" in planned.stderr
    assert told.quietly("list --stage prod").exit_code == ExitCode.NOT_FOUND


def test_an_unknown_cluster_is_answered_with_those_there_are(told: Shell) -> None:
    ran = told.quietly(f"plan {told.ids[0]} --cluster wbe")
    assert ran.exit_code == ExitCode.NOT_FOUND
    assert "There is no ECS cluster wbe in eu-west-1\n  the clusters here: web" in ran.stderr


def test_ctrl_c_detaches_and_says_that_the_drain_goes_on(told: Shell) -> None:
    """nomad: "will not cancel the node drain"."""
    pauses = iter([5.0])

    def sleep(seconds: float) -> None:
        if next(pauses, None) is None:
            raise KeyboardInterrupt
        told.sleep(seconds)

    drained = told.ids[1]
    ran = told.quietly(f"drain {drained} --yes", edge=dataclasses.replace(told.edge(), sleep=sleep))
    assert ran.exit_code == ExitCode.DETACHED
    assert f"Detached: the drain goes on in AWS. `ecs-drainer watch {drained}` attaches again" in ran.stderr
    watched = told.quietly(f"watch {drained}")
    assert watched.exit_code == 0
    assert "drained, and left DRAINING: every task is STOPPED" in watched.stdout


def test_errors_of_the_function_are_shown_while_following(told: Shell) -> None:
    told.quietly(f"cancel {told.ids[1]} --yes")
    told.aws.requests.fail_when(
        lambda call: call.operation == "DescribeTasks" and "look" in (call.role or ""),
        Fault("ThrottlingException", "Rate exceeded"),
        1,
    )
    ran = told.quietly(f"drain {told.ids[1]} --yes")
    assert ran.exit_code == 0
    assert "Throttled" in ran.stdout


def test_a_terminal_gets_a_live_table(told: Shell) -> None:
    told.quietly(f"cancel {told.ids[1]} --yes")
    ran = told.quietly(f"drain {told.ids[1]} --yes", edge=told.edge(shows_live=True))
    assert ran.exit_code == 0
    assert f"{told.ids[1]}: drained" in ran.stdout
    tables = told.quietly("history", edge=told.edge(shows_live=True))
    assert "drained" in tables.stdout


def test_throttled_is_what_the_gateway_raises() -> None:
    assert isinstance(through_a_gateway(answered("ThrottlingException")), Throttled)
    assert isinstance(through_a_gateway(answered("AccessDenied")), AccessDenied)
