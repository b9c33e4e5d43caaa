"""The same cluster with something changed: `--what-if web:max=200`, `--policy deadline=2h`. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass

from chalicelib.common.errors import InvalidInput
from chalicelib.common.wording import did_you_mean, one_of, shown
from chalicelib.explain.words import some
from chalicelib.policy import SETTINGS
from rehearsal.snapshot import Item, Snapshot

AS_IT_IS = "as it is"


@dataclass(frozen=True)
class Variant:
    """A cluster as it is, or changed, and what it is called."""

    name: str
    snapshot: Snapshot


def _percent(service: Item, name: str, value: int) -> None:
    service["deploymentConfiguration"] = {**service.get("deploymentConfiguration", {}), name: value}


OF_SERVICES: dict[str, Callable[[Item, int], None]] = {
    "min": lambda service, value: _percent(service, "minimumHealthyPercent", value),
    "max": lambda service, value: _percent(service, "maximumPercent", value),
    "desired": lambda service, value: service.update(desiredCount=value),
}
"""What may be changed of a service: its minimum and maximum percent and its desired count."""


def _heartbeat(group: Item, value: int) -> None:
    for hook in group.get("hooks", []):
        hook["HeartbeatTimeout"] = value


OF_GROUPS: dict[str, Callable[[Item, int], None]] = {
    "max-size": lambda group, value: group.update(MaxSize=value),
    "min-size": lambda group, value: group.update(MinSize=value),
    "heartbeat": _heartbeat,
}
"""What may be changed of an Auto Scaling group: its sizes, and the heartbeat timeout of its hooks in seconds."""
NOT_OURS = ("cluster", "then")
"""Settings that are a manual request's."""


def variants_of(snapshot: Snapshot, what_ifs: list[str], policies: list[str]) -> list[Variant]:
    """Return the cluster as it is, and one variant for each of the two lists' texts; raises InvalidInput.

    What belongs together is separated by commas: `web:max=200,api:min=50`.
    """
    changed = [Variant(text, _with_changes(snapshot, text)) for text in what_ifs]
    asked = [Variant(text, _with_policy(snapshot, text)) for text in policies]
    return [Variant(AS_IT_IS, snapshot), *changed, *asked]


def _with_changes(snapshot: Snapshot, text: str) -> Snapshot:
    document = deepcopy(snapshot.document)
    for change in text.split(","):
        subject, colon, assigned = change.strip().partition(":")
        name, equals, value = assigned.partition("=")
        if not (colon and equals and value.isdigit()):
            raise InvalidInput(
                f"`--what-if` is {shown(change)}: expected such as web:max=200 or web-ecs:max-size=12"
            )
        _change(document, subject, name, int(value))
    return Snapshot(document)


def _change(document: Item, subject: str, name: str, value: int) -> None:
    services = {service["serviceName"]: service for service in document["services"]}
    groups = {group["AutoScalingGroupName"]: group for group in document["groups"]}
    for known, changes in ((services, OF_SERVICES), (groups, OF_GROUPS)):
        if subject in known and name in changes:
            changes[name](known[subject], value)
            return
    if subject not in services and subject not in groups:
        near = did_you_mean(subject, [*services, *groups])
        there = some(sorted([*services, *groups]), 10)
        raise InvalidInput(
            f"`--what-if` names {shown(subject)}: expected a service or group of the snapshot{near}: {there}"
        )
    expected = ", ".join(OF_SERVICES if subject in services else OF_GROUPS)
    raise InvalidInput(f"`--what-if` changes {shown(name)} of {subject}: expected {expected}")


def _with_policy(snapshot: Snapshot, text: str) -> Snapshot:
    """Return the snapshot with settings that win over those of hooks, tags and the stage."""
    given: dict[str, str] = {}
    for each in text.split(","):
        name, equals, value = each.strip().partition("=")
        if not equals:
            raise InvalidInput(f"`--policy` is {shown(each)}: expected such as deadline=2h")
        given[_setting(name, value)] = value
    document = deepcopy(snapshot.document)
    document["settings"] |= {f"ECS_DRAINER_{name.upper()}": value for name, value in given.items()}
    for group in document["groups"]:
        own = {f"ecs-drainer:{name}" for name in given}
        kept = [
            tag
            for tag in group.get("Tags", [])
            if tag["Key"].lower().replace("-", "_") not in {key.replace("-", "_") for key in own}
        ]
        group["Tags"] = [
            *kept,
            *({"Key": f"ecs-drainer:{name}", "Value": value} for name, value in given.items()),
        ]
        for hook in group.get("hooks", []):
            hook["NotificationMetadata"] = json.dumps({**metadata_of(hook), **given}, sort_keys=True)
    return Snapshot(document)


def metadata_of(hook: Item) -> Item:
    """Return the settings in a hook's NotificationMetadata; none where it is no JSON object."""
    try:
        found = json.loads(hook.get("NotificationMetadata") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _setting(name: str, value: str) -> str:
    wanted = name.strip().lower().replace("-", "_")
    known = {setting.name: setting for setting in SETTINGS if setting.name not in NOT_OURS}
    if wanted not in known:
        raise InvalidInput(
            f"`--policy` sets {shown(name)}: expected {one_of(known)}{did_you_mean(wanted, known)}"
        )
    try:
        known[wanted].parse(value)
    except ValueError as error:
        raise InvalidInput(
            f"`--policy {wanted}` is {shown(value)}: expected {known[wanted].accepts}"
        ) from error
    return wanted
