"""The account that a first run asks, one call at a time and patiently; name and tag of what the run creates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from chalicelib.common.errors import AccessDenied, AwsRefused
from chalicelib.explain.words import spell
from chalicelib.gateways.aws import all_pages, client, translated
from cli.desk import Desk
from cli.first_run.findings import Unsettled

PREFIX = "ecs-drainer-first-run"
TAG = PREFIX
"""Not `ecs-drainer:...`: on a group that would be a setting of its drains."""
LOOKS_EVERY = 5.0
"""Seconds between two looks at something that takes its time."""
KNOWN_EVERYWHERE = 120
"""Seconds after which a role that was just created is known to every service; IAM is eventually consistent:

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
"""

Found = TypeVar("Found")
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One first run: everything that it creates bears its name and its tag."""

    region: str
    id: str

    @classmethod
    def at(cls, region: str, now: datetime) -> Run:
        """Return the run that begins now."""
        return cls(region, f"{now:%Y%m%dt%H%M%Sz}")

    def name(self, part: str) -> str:
        """Return the name of one of its resources."""
        return f"{PREFIX}-{self.id}-{part}"

    @property
    def provider(self) -> str:
        """The name of its capacity provider: none may begin with `ecs`.

        https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCapacityProvider.html
        """
        return f"throwaway-of-{self.name('group')}"

    @property
    def path(self) -> str:
        """The IAM path of its roles: they can be listed without reading all of the account's."""
        return f"/{PREFIX}/"

    @property
    def tag(self) -> str:
        """The value of the tag."""
        return f"{self.region}/{self.id}"

    def tags(self, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
        """Return the tag as a service's API spells it."""
        return [{key: TAG, value: self.tag}]


class Account:
    """The account and Region of the credentials."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.region = str(client("ecs").meta.region_name)

    def ask(self, service: str, operation: str, /, **given: Any) -> Answer:
        """Make one call, again while AWS throttles; raises the gateways' errors."""
        return self.desk.ask(_call, service, operation, given)

    def pages(self, service: str, operation: str, key: str, page_key: str, /, **given: Any) -> list[Any]:
        """Return what `key` holds on all pages of a listing; `page_key` as the request and the answer call it."""
        return self.desk.ask(all_pages, getattr(client(service), operation), key, page_key, **given)

    def ask_until_taken(self, service: str, operation: str, /, **given: Any) -> Answer:
        """Make one call again and again while it is refused or denied, as until a new role is known everywhere."""
        end = self.desk.now() + timedelta(seconds=KNOWN_EVERYWHERE)
        while True:
            try:
                return self.ask(service, operation, **given)
            except (AccessDenied, AwsRefused):
                if self.desk.now() >= end:
                    raise
            self.desk.edge.sleep(LOOKS_EVERY)

    def wait_for(self, what: str, look: Callable[[], Found | None], within: float) -> Found:
        """Look until there is something; raises Unsettled after so many seconds."""
        found = self.watch(look, within)
        if found is None:
            raise Unsettled(f"{what}: not within {spell(timedelta(seconds=within))}")
        return found

    def watch(self, look: Callable[[], Found | None], within: float) -> Found | None:
        """Look until there is something, for so many seconds at most; None: there was nothing."""
        end = self.desk.now() + timedelta(seconds=within)
        while (found := look()) is None and self.desk.now() < end:
            self.desk.edge.sleep(LOOKS_EVERY)
        return found


def _call(service: str, operation: str, given: Mapping[str, Any]) -> Answer:
    with translated():
        answer: Answer = getattr(client(service), operation)(**given)
    return answer


def tag_of(tags: Iterable[Mapping[str, str]]) -> str | None:
    """Return the value of a first run's tag among a resource's tags; None where it has none."""
    for each in tags:
        if (each.get("Key") or each.get("key")) == TAG:
            return str(each.get("Value") or each.get("value"))
    return None
