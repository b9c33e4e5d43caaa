"""What the request handlers of ECS share: the backend, the cluster asked for, and failures."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse

from embedded_aws.ecs import strategies
from embedded_aws.ecs.backend import EcsBackend
from embedded_aws.ecs.errors import InvalidParameter
from embedded_aws.ecs.strategies import Strategy

LARGEST_PAGE = 100
"""maxResults of ListTasks, ListContainerInstances, ListServices, ...: 1 to 100."""
Find = Callable[[Any, str], Any]
View = Callable[[Any], dict[str, Any]]


class EcsApi(EC2ContainerServiceResponse):  # type: ignore[misc]  # moto ships no types
    """Base of the handlers; each answers in the API's own words."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER: dict[str, Any] = {}  # noqa: RUF012  # moto's name and form; views need none

    @property
    def backend(self) -> EcsBackend:
        """The backend of the caller's account and Region."""
        backend: EcsBackend = self.ecs_backend
        return backend

    @property
    def asked_cluster(self) -> Any:
        """The cluster of the request: the one named `default` unless given; raises ClusterNotFoundException."""
        return self.backend.cluster(self._get_param("cluster", "default"))

    def items(self, name: str, label: str = "", most: int = 0) -> list[str]:
        """Return a list parameter; with a label, raises InvalidParameter for none, or for more than `most`."""
        items = list(self._get_param(name) or [])
        if label and not items:
            raise InvalidParameter(f"{label} cannot be empty.")
        if most and len(items) > most:
            raise InvalidParameter(f"{label} can have at most {most} items")
        return items

    def require_ec2(self) -> None:
        """Refuse what runs elsewhere; raises InvalidParameter."""
        kind = self._get_param("launchType")
        if kind not in (None, "EC2"):
            raise InvalidParameter(
                f"launchType {kind} isn't simulated: the embedded ECS has container instances only"
            )

    def check_strategy(self) -> None:
        """Refuse a capacity provider strategy that ECS refuses; raises InvalidParameter."""
        strategy = self.items("capacityProviderStrategy")
        if strategy and self._get_param("launchType"):
            raise InvalidParameter(
                "Specifying both a launch type and capacity provider strategy is not supported."
            )
        strategies.check(cast(Strategy, strategy), self.asked_cluster.capacity_providers or ())

    def given(self, *names: str) -> dict[str, Any]:
        """Return those of the named parameters that were given."""
        values = {name: self._get_param(name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def wants(self, what: str) -> bool:
        """Whether the request's `include` asks for `what`."""
        return what in self.items("include")

    def page_of(self, key: str, arns: list[str], default_size: int = LARGEST_PAGE) -> ActionResult:
        """Answer one page of ARNs under `key`."""
        size, token = self._get_int_param("maxResults", default_size), self._get_param("nextToken")
        if not 1 <= size <= LARGEST_PAGE:
            raise InvalidParameter(f"maxResults should be between 1 and {LARGEST_PAGE}.")
        left = sorted(arn for arn in arns if arn > _read(token or ""))
        following = base64.urlsafe_b64encode(left[size - 1].encode()).decode() if len(left) > size else None
        return ActionResult({key: left[:size], "nextToken": following})

    def described(self, key: str, kind: str, names: list[str], find: Find, view: View) -> ActionResult:
        """Answer how the named ones are, under `key`; unknown ones are failures with the reason MISSING."""
        cluster = self.asked_cluster
        found = {name: find(cluster, name) for name in names}
        missing = [failure(cluster, kind, name, "MISSING") for name, one in found.items() if one is None]
        known = [view(one) for one in found.values() if one is not None]
        return ActionResult({key: known, "failures": missing})


def _read(token: str) -> str:
    """Read a token: it names the last item given, so that items that vanish meanwhile shift no page."""
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidParameter("Invalid token.") from error


def failure(cluster: Any, kind: str, name: str, reason: str) -> dict[str, str]:
    """Make an entry of `failures`; a short id is completed to the ARN of its `kind`."""
    arn = name if name.startswith("arn:") else f"{cluster.arn.replace(':cluster/', f':{kind}/')}/{name}"
    return {"arn": arn, "reason": reason}
