"""What the request handlers of ECS share: the backend, the cluster asked for, and failures."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse

from embedded_aws.ecs.backend import EcsBackend
from embedded_aws.ecs.paging import LARGEST_PAGE, page


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

    def items(self, name: str) -> list[str]:
        """Return a list parameter, empty where it isn't given."""
        return list(self._get_param(name) or [])

    def given(self, *names: str) -> dict[str, Any]:
        """Return those of the named parameters that were given."""
        values = {name: self._get_param(name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def wants(self, what: str) -> bool:
        """Whether the request's `include` asks for `what`."""
        return what in self.items("include")

    def page_of(self, key: str, arns: list[str], default_size: int = LARGEST_PAGE) -> ActionResult:
        """Answer one page of ARNs under `key`."""
        size = self._get_int_param("maxResults")
        given, following = page(arns, self._get_param("nextToken"), size, default_size)
        return ActionResult({key: given, "nextToken": following})


def failure(cluster: Any, kind: str, name: str, reason: str) -> dict[str, str]:
    """Make an entry of `failures`; a short id is completed to the ARN of its `kind`."""
    arn = name if name.startswith("arn:") else f"{cluster.arn.replace(':cluster/', f':{kind}/')}/{name}"
    return {"arn": arn, "reason": reason}
