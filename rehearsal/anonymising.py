"""A snapshot without names: each gets another, everywhere the same, so that nothing behaves otherwise. Pure.

Ids and ARNs keep their order, by which equals are told apart; a lifecycle hook that begins with `ecs-drain` still does.
What may hold anything (messages, refusals, queues' URLs) is cut down to what a rehearsal reads of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from chalicelib.common.errors import InvalidInput
from chalicelib.common.wording import shown
from chalicelib.policy import SETTINGS
from rehearsal.snapshot import Item, Snapshot
from rehearsal.variants import metadata_of

ACCOUNT = "123456789012"
OF_ECS = "ecs-managed-draining-termination-hook"
SPEAKING = (
    "ecs.instance-type",
    "ecs.availability-zone",
    "ecs.os-type",
    "ecs.os-family",
    "ecs.cpu-architecture",
)
"""Attributes whose values say nothing of whose they are."""
SAID = (
    r"has started \d+ tasks?",
    r"has stopped \d+ running tasks?",
    r"has begun draining connections on \d+ tasks?",
    r"(?:de)?registered \d+ targets?",
    r"has reached a steady state\.",
    r"was unable to place a task",
)
"""What is kept of a service's events."""
MESSAGE = re.compile(rf"^\(service [^)]*\) ({'|'.join(SAID)})")
TOKEN = re.compile(r"[A-Za-z0-9_.\-]+")
ARN = re.compile(r"[^:/]+")
KNOWN_SETTINGS = {setting.name for setting in SETTINGS} - {"notify", "cluster"}


class _Names:
    """The other name of each name: numbered in alphabetical order, kind by kind."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def number(self, kind: str, names: Iterable[str]) -> None:
        for name in sorted({name for name in names if name} - self.known.keys()):
            self.known[name] = kind.format(len(self.known) + 1)

    def of(self, name: str) -> str:
        return self.known.get(name, name)

    def in_arn(self, text: str) -> str:
        """Return an ARN, or a name, with every part of it that is a name or an account replaced."""
        return ARN.sub(
            lambda found: ACCOUNT if re.fullmatch(r"\d{12}", found[0]) else self.of(found[0]), text
        )

    def in_text(self, text: str) -> str:
        return TOKEN.sub(lambda found: self.of(found[0]), text)


def anonymised(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot without names; raises InvalidInput where an expression couldn't mean the same."""
    document, names = snapshot.document, _collected(snapshot)
    for rule in _rules(document):
        if "=~" in rule.get("expression", "") or "!~" in rule.get("expression", ""):
            raise InvalidInput(
                f"`expression` is {shown(rule['expression'])}: a pattern of names can't be anonymised; take the "
                "snapshot without --anonymise"
            )
    changed: Item = {key: _rewritten(key, value, names) for key, value in document.items()}
    changed["settings"] = _settings(document, names)
    changed["unread"] = [refused.partition(":")[0] for refused in document["unread"]]
    changed["is_anonymised"] = True
    return Snapshot(changed)


def _collected(snapshot: Snapshot) -> _Names:
    document, names = snapshot.document, _Names()
    names.number("cluster-{}", [snapshot.cluster])
    names.number("service-{:04}", (each["serviceName"] for each in snapshot.services))
    names.number("family-{:04}", (each["family"] for each in document["task_definitions"]))
    names.number("group-{:04}", (each["AutoScalingGroupName"] for each in snapshot.groups))
    names.number("tg-{:04}", (each["TargetGroupName"] for each in document["target_groups"]))
    names.number("provider-{:04}", (each["name"] for each in document["capacity_providers"]))
    names.number("{:016x}", (_last(each) for each in snapshot.target_groups))
    hooks = {hook["LifecycleHookName"] for group in snapshot.groups for hook in group.get("hooks", [])} - {
        OF_ECS
    }
    names.number("ecs-drain-{:04}", (name for name in hooks if name.startswith("ecs-drain")))
    names.number("hook-{:04}", hooks)
    containers = [one for each in document["task_definitions"] for one in each["containerDefinitions"]]
    names.number("container-{:04}", (one["name"] for one in containers))
    volumes = [one for each in document["task_definitions"] for one in each.get("volumes", [])]
    names.number("volume-{:04}", (one.get("name", "") for one in volumes))
    names.number("i-{:017x}", [*snapshot.ec2, *(each["ec2InstanceId"] for each in snapshot.instances)])
    names.number("i-{:017x}", (each["instance"] for each in document["past"]))
    names.number("service-{:04}", (name for each in document["past"] for name in each["services"]))
    names.number("{:032x}", (_last(each["containerInstanceArn"]) for each in snapshot.instances))
    names.number("{:032x}", (_last(each["taskArn"]) for each in snapshot.tasks))
    names.number("asg-{:04}", _group_ids(snapshot))
    names.number("name-{:04}", _others(snapshot, names))
    return names


def _group_ids(snapshot: Snapshot) -> Iterator[str]:
    """Yield the ids that the ARNs of Auto Scaling groups have before the names."""
    for group in snapshot.groups:
        parts = group["AutoScalingGroupARN"].split(":")
        yield parts[6] if len(parts) > 6 else ""


def _others(snapshot: Snapshot, names: _Names) -> Iterator[str]:
    """Yield what else is somebody's own word: attributes, values, groups of tasks, who started them."""
    for attribute in (each for instance in snapshot.instances for each in instance.get("attributes", [])):
        if not attribute["name"].startswith(("ecs.", "com.amazonaws.")):
            yield attribute["name"]
        if attribute["name"] not in SPEAKING and not attribute.get("value", "0").replace(".", "").isdigit():
            yield attribute.get("value", "")
    for task in snapshot.tasks:
        prefix, _, name = task.get("group", "").partition(":")
        if prefix not in ("service", "family"):
            yield task.get("group", "")
        elif name not in names.known:
            yield name
        yield _last(task.get("startedBy", ""))
    for service in snapshot.services:
        yield from (_last(each["id"]) for each in service.get("deployments", []))
        yield from (each.get("loadBalancerName", "") for each in service.get("loadBalancers", []))
        yield from (
            tag.get("value", "") for tag in service.get("tags", []) if tag["key"].endswith("quorum-group")
        )


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


ARNS = {
    "clusterArn", "taskDefinition", "taskDefinitionArn", "containerInstanceArn", "taskArn", "serviceArn",
    "targetGroupArn", "TargetGroupArn", "AutoScalingGroupARN", "autoScalingGroupArn", "TargetGroupARNs", "startedBy",
    "clusterName", "serviceName", "family", "name", "containerName", "loadBalancerName", "TargetGroupName",
    "AutoScalingGroupName", "LoadBalancerNames", "LifecycleHookName", "ec2InstanceId", "InstanceId", "instance", "id",
    "capacityProviderName", "capacityProviders", "capacityProvider", "group", "services",
}  # fmt: skip
"""Keys whose values are names, or ARNs with names in them."""


def _rewritten(key: str, value: Any, names: _Names) -> Any:
    if isinstance(value, list):
        return [_rewritten(key, each, names) for each in value]
    if isinstance(value, dict):
        return _rewritten_object(key, value, names)
    return _rewritten_text(key, value, names) if isinstance(value, str) else value


def _rewritten_text(key: str, value: str, names: _Names) -> str:
    if key in ARNS:
        return names.of(value) if value in names.known else names.in_arn(value)
    if key in ("expression", "field"):
        return names.in_text(value)
    if key == "message":
        return _message(value, names)
    return json.dumps(_metadata(value), sort_keys=True) if key == "NotificationMetadata" else value


def _rewritten_object(key: str, value: Item, names: _Names) -> Item:
    changed = {name: _rewritten(name, each, names) for name, each in value.items()}
    if key in ("attributes", "requiresAttributes") and "value" in changed:
        changed["value"] = names.of(changed["value"])
    if key in ("tags", "Tags"):
        named = str(value.get("key", value.get("Key", "")))
        field = "value" if "key" in value else "Value"
        changed[field] = _tag(named, str(value.get(field, "")), names)
    return changed


def _tag(key: str, value: str, names: _Names) -> str:
    if key.endswith("quorum-group"):
        return names.of(value)
    if key.endswith(("drain-queue", "notify")):
        return "stage" if key.endswith("notify") else "queue"
    return names.in_text(value) if key.endswith("cluster") else value


def _message(message: str, names: _Names) -> str:
    """Return what a rehearsal reads of a service's event: what happened, and to which tasks."""
    found = MESSAGE.match(message)
    if not found:
        return "(service) something else"
    tasks = "".join(f" (task {names.of(each)})" for each in re.findall(r"\(task ([0-9a-f-]+)\)", message))
    return f"(service) {found[1]}" + (f":{tasks}." if tasks else ":" if "started" in found[1] else "")


def _metadata(text: str) -> Item:
    told = metadata_of({"NotificationMetadata": text})
    return {name: value for name, value in told.items() if name.lower().replace("-", "_") in KNOWN_SETTINGS}


def _settings(document: Item, names: _Names) -> Item:
    """Return the stage's settings; hooks that a pattern meant are named one by one."""
    changed: Item = {}
    for name, value in document["settings"].items():
        setting = name.removeprefix("ECS_DRAINER_").lower()
        if setting == "clusters":
            changed[name] = " ".join(names.in_arn(each) for each in re.split(r"[\s,]+", value) if each)
        elif setting == "hooks":
            patterns = [each for each in re.split(r"[\s,]+", value) if each]
            own = {
                hook["LifecycleHookName"] for group in document["groups"] for hook in group.get("hooks", [])
            }
            meant = {hook for hook in own for pattern in patterns if fnmatchcase(hook, pattern)}
            changed[name] = " ".join(sorted(names.of(hook) for hook in meant)) or ("none" if patterns else "")
        elif setting in KNOWN_SETTINGS:
            changed[name] = value
    return changed


def _rules(document: Item) -> Iterator[Item]:
    for each in (*document["services"], *document["task_definitions"]):
        yield from each.get("placementConstraints", [])
