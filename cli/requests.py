"""The request that the command line asks for, in the words of a manual request (`chalicelib.events.manual`). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.events import DrainRequest, parse_manual


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator asks of each drain; the rest is left to the stage, the tags and the defaults."""

    settings: Mapping[str, str | None] = field(default_factory=dict)
    """By the names of the policy's table, as they were typed; None where one wasn't."""
    cluster: str | None = None
    reason: str | None = None
    who: str | None = None

    def request(self, instance_id: str) -> DrainRequest:
        """Return the request for one instance; raises InvalidRequest, naming the setting that can't be read."""
        own = {
            "instance_id": instance_id,
            "cluster": self.cluster,
            "reason": self.reason,
            "who": self.who,
        }
        return parse_manual({**self.settings, **own})
