"""Who makes a request: a role's session, a user, or whoever holds an access key nobody knows.

A worker process signs with its role's session credentials. Code that runs inside this process (in-process
Lambda functions, the tasks of a state machine) says for whom it acts with `acting_as`, in its own thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

_acting: ContextVar[str | None] = ContextVar("acting principal", default=None)


def acting_as(role_arn: str, session: str) -> AbstractContextManager[str]:
    """Make the requests of this thread those of the role's session; gives the session's ARN."""
    return acting_as_service(session_arn(role_arn, session))


@contextmanager
def acting_as_service(principal: str) -> Iterator[str]:
    """Make the requests of this thread those of an AWS service, as in `events.amazonaws.com`."""
    token = _acting.set(principal)
    try:
        yield principal
    finally:
        _acting.reset(token)


def session_arn(role_arn: str, session: str) -> str:
    """Return the ARN that STS gives a session of the role: `...:assumed-role/<role name>/<session>`."""
    partition, account, role = role_arn.split(":")[1], role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    return f"arn:{partition}:sts::{account}:assumed-role/{role}/{session}"


def session_credentials(role_arn: str, session: str) -> dict[str, str]:
    """Return the environment of a process that acts as the role: key, secret and session token."""
    assumed = sts_backends[role_arn.split(":")[4]]["aws"].assume_role(
        region_name="aws",
        role_session_name=session,
        role_arn=role_arn,
        policy=None,
        duration=3600,
        external_id=None,
    )
    return {
        "AWS_ACCESS_KEY_ID": assumed.access_key_id,
        "AWS_SECRET_ACCESS_KEY": assumed.secret_access_key,
        "AWS_SESSION_TOKEN": assumed.session_token,
    }


def principal_of(account: str, access_key: str) -> str:
    """Return the ARN behind an access key, or the key itself where IAM and STS know no such key."""
    acting = _acting.get()
    if acting is not None:
        return acting
    assumed = sts_backends[account]["aws"].get_assumed_role_from_access_key(access_key)
    if assumed is not None:
        return session_arn(assumed.role_arn, assumed.session_name)
    for user in iam_backends[account]["aws"].users.values():
        if user.has_access_key(access_key):
            return str(user.arn)
    return access_key
