"""What a person is told whose request finds the instance being drained already. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.common.model import stamp
from chalicelib.tell.notice import Notice, console_link


def compose(state: Mapping[str, Any], execution: str, at: datetime) -> Notice:
    """Return the notice that nothing of the request is applied, and what would apply it.

    `state` is the machine's whole state, `$open` the ledger's entry of the drain that goes on.
    """
    drain, other = state["drain"], state["open"]["Item"]["execution"]["S"]
    instance, who = drain["instance_id"], drain["who"]
    asker = "a request" if who == "-" else f"a request by {who}"
    headline = f"{instance} is being drained already"
    text = (
        f"{headline}, and goes on as it was begun: nothing of {asker} is applied, neither its deadline nor its "
        f"other settings. To drain it otherwise, run `ecs-drainer cancel {instance}` first.\n"
        f"Execution: {console_link(other)}"
    )
    record = {
        "occasion": "already-draining",
        "at": stamp(at),
        "execution": execution,
        "goes_on": other,
        "instance_id": instance,
        "who": who,
        "reason": drain["reason"],
        "blockers": None,
    }
    return Notice(f"ecs-drainer: {headline}", text, record)
