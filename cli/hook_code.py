"""A lifecycle hook as code, for groups that Terraform, the CDK or CloudFormation look after. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from cli.hooks import WantedHook

CDK_NAME = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Language(StrEnum):
    """What a hook can be written in."""

    TERRAFORM = "terraform"
    CDK = "cdk"
    CLOUDFORMATION = "cloudformation"


def hook_as(language: Language, hook: WantedHook, *, is_there: bool) -> str:
    """Return the hook's definition in a language.

    Args:
        language: which.
        hook: as `enroll` would put it.
        is_there: whether the group has a hook of that name, which the language's tool would have to take over.
    """
    return "\n".join(WRITERS[language](hook, is_there)) + "\n"


def _terraform(hook: WantedHook, is_there: bool) -> Iterator[str]:
    name = _snake(f"{hook.group} {hook.name}")
    rows = {TERRAFORM_NAMES[key]: _hcl(value) for key, value in _given(hook).items()}
    if is_there:
        yield "import {"
        yield f"  to = aws_autoscaling_lifecycle_hook.{name}"
        yield f"  id = {_hcl(f'{hook.group}/{hook.name}')}"
        yield "}"
        yield ""
    width = max(map(len, rows))
    yield f'resource "aws_autoscaling_lifecycle_hook" "{name}" {{'
    yield from (f"  {key.ljust(width)} = {value}" for key, value in rows.items())
    yield "}"


TERRAFORM_NAMES = {
    "LifecycleHookName": "name",
    "AutoScalingGroupName": "autoscaling_group_name",
    "LifecycleTransition": "lifecycle_transition",
    "HeartbeatTimeout": "heartbeat_timeout",
    "DefaultResult": "default_result",
    "NotificationMetadata": "notification_metadata",
}


def _cdk(hook: WantedHook, is_there: bool) -> Iterator[str]:
    yield "from aws_cdk import aws_autoscaling as autoscaling"
    yield ""
    yield from _import_first("`cdk import`", hook, is_there)
    yield "autoscaling.CfnLifecycleHook("
    yield "    self,"
    yield f"    {_py(_camel(f'{hook.group} {hook.name}'))},"
    for key, value in _given(hook).items():
        yield f"    {CDK_NAME.sub('_', key).lower()}={_py(value)},"
    yield ")"


def _cloudformation(hook: WantedHook, is_there: bool) -> Iterator[str]:
    yield from _import_first("a change set of type IMPORT", hook, is_there)
    yield "Resources:"
    yield f"  {_camel(f'{hook.group} {hook.name}')}:"
    yield "    Type: AWS::AutoScaling::LifecycleHook"
    if is_there:
        yield "    DeletionPolicy: Retain"
    yield "    Properties:"
    yield from (f"      {key}: {json.dumps(value)}" for key, value in _given(hook).items())


def _import_first(way: str, hook: WantedHook, is_there: bool) -> Iterator[str]:
    if is_there:
        yield f"# {hook.group} has a hook {hook.name} already: {way} takes it over."


def _given(hook: WantedHook) -> dict[str, Any]:
    """Return what PutLifecycleHook takes, its names first."""
    given = dict(hook.parameters)
    first = {key: given.pop(key) for key in ("LifecycleHookName", "AutoScalingGroupName")}
    return {**first, **given}


WRITERS: Mapping[Language, Any] = {
    Language.TERRAFORM: _terraform,
    Language.CDK: _cdk,
    Language.CLOUDFORMATION: _cloudformation,
}


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9]+", text)


def _snake(text: str) -> str:
    name = "_".join(_words(text)).lower()
    return name if not name[:1].isdigit() else f"group_{name}"


def _camel(text: str) -> str:
    return "".join(word[0].upper() + word[1:] for word in _words(text))


def _hcl(value: object) -> str:
    """Return a value as HCL has it; what Terraform would take for its own is doubled."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _py(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
