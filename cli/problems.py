"""Errors as people read them: a sentence, what to do about it, and an exit code; never a stack trace.

Pure: `problem_of` turns any exception of botocore, of the gateways or of ours into a Problem.
"""

from __future__ import annotations

from dataclasses import dataclass

from botocore import exceptions as boto
from botocore.exceptions import ClientError

from chalicelib.common import errors
from cli.exit_codes import ExitCode

EXPIRED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
INVALID_CODES = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"})
NOT_DEPLOYED = frozenset({"ResourceNotFoundException", "StateMachineDoesNotExist"})

LOG_IN = "log in again (`aws sso login`, or what your account uses) and repeat the command"
CONFIGURE = "set AWS_PROFILE, give --profile, or run `aws configure`"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong."""

    sentence: str
    remedy: str = ""
    code: ExitCode = ExitCode.FAILED

    def __str__(self) -> str:
        return f"{self.sentence}\n  {self.remedy}" if self.remedy else self.sentence


class Halt(Exception):  # noqa: N818  # it carries a sentence for the operator, not a fault of the program
    """Ends a command with a problem."""

    def __init__(self, sentence: str, remedy: str = "", code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(sentence)
        self.problem = Problem(sentence, remedy, code)


def problem_of(error: BaseException) -> Problem | None:
    """Return the problem that an exception stands for; None for one that is a fault of this program."""
    if isinstance(error, Halt):
        return error.problem
    cause = _cause(error)
    return _of_credentials(cause) or _of_aws(error, cause)


def is_of_something_absent(error: BaseException) -> bool:
    """Whether a table, a function or a state machine isn't there: a part of the stage, or all of it."""
    return _code(_cause(error)) in NOT_DEPLOYED


def _cause(error: BaseException) -> BaseException:
    return error.__cause__ if isinstance(error, errors.DrainerError) and error.__cause__ else error


def _of_credentials(cause: BaseException) -> Problem | None:
    code = _code(cause)
    if code in EXPIRED_CODES or isinstance(
        cause, boto.UnauthorizedSSOTokenError | boto.TokenRetrievalError | boto.SSOTokenLoadError
    ):
        return Problem("Your AWS credentials have expired", LOG_IN, ExitCode.NOT_ALLOWED)
    if code in INVALID_CODES:
        return Problem(f"AWS does not know these credentials ({code})", CONFIGURE, ExitCode.NOT_ALLOWED)
    if isinstance(
        cause, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError
    ):
        return Problem("No AWS credentials were found", CONFIGURE, ExitCode.NOT_ALLOWED)
    if isinstance(cause, boto.ProfileNotFound):
        return Problem(str(cause), "`aws configure list-profiles` lists them", ExitCode.NOT_ALLOWED)
    if isinstance(cause, boto.NoRegionError):
        return Problem("No AWS Region is set", "give --region, or set AWS_REGION", ExitCode.USAGE)
    return None


def _of_aws(error: BaseException, cause: BaseException) -> Problem | None:
    if isinstance(error, errors.Throttled):
        return Problem(
            f"AWS throttles: {error}",
            "the account's requests share one rate; wait a minute and repeat the command",
            ExitCode.UNAVAILABLE,
        )
    if isinstance(error, errors.AccessDenied):
        sentence = str(error).partition(". Compare the function's policy")[0]
        return Problem(
            f"You may not do this: {sentence}", "ask for the action it names", ExitCode.NOT_ALLOWED
        )
    if isinstance(error, errors.AwsUnavailable) or isinstance(cause, boto.HTTPClientError):
        return Problem(
            str(error), "check the network, the Region and --sandbox, then repeat", ExitCode.UNAVAILABLE
        )
    if _code(cause) in NOT_DEPLOYED:
        remedy = "is all of the stage deployed in this account and Region? `ecs-drainer doctor` says what is missing"
        return Problem(str(error), remedy, ExitCode.NOT_FOUND)
    if isinstance(error, errors.InvalidInput):
        return Problem(str(error), code=ExitCode.USAGE)
    return (
        Problem(str(error))
        if isinstance(error, errors.DrainerError | boto.BotoCoreError | ClientError)
        else None
    )


def _code(error: BaseException) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""
