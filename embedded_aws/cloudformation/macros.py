"""Macros: of AWS's own, SAM's is applied where its translator can be had; all others are refused.

User guide, "AWS::Serverless transform": CloudFormation rewrites a template by it before it looks at the resources.
"""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from moto.cloudformation.exceptions import ValidationError

from embedded_aws.aws import REGION
from embedded_aws.requests import AwsError

SAM = "AWS::Serverless-2016-10-31"
TRANSLATOR = "EMBEDDED_AWS_SAM_PYTHON"
"""The variable that names a Python which has aws-sam-translator."""
AUTO_EXPAND = "CAPABILITY_AUTO_EXPAND"
WITHIN_SECONDS = 120


def named(template: dict[str, Any]) -> list[str]:
    """Return the macros that a template asks for."""
    asked = template.get("Transform") or []
    return [str(each) for each in (asked if isinstance(asked, list) else [asked])]


def expanded(template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Return a template with its macros applied; raises ValidationError where that can't be."""
    asked = named(template)
    for name in asked:
        if name != SAM or TRANSLATOR not in os.environ:
            why = f" {TRANSLATOR} may name a Python that has aws-sam-translator." if name == SAM else ""
            raise ValidationError(message=f"No transform named {name} found.{why}")
    if not asked:
        return template
    values = {name: str(value) for name, value in parameters.items()}
    request = {"template": template, "parameters": values, "region": REGION}
    translated: dict[str, Any] = json.loads(_translated(json.dumps(request, sort_keys=True)))
    return translated


def check_capability(
    template: dict[str, Any], made: dict[str, Any], capabilities: list[str], at: str
) -> None:
    """Refuse macros that nobody has agreed to.

    API reference, CreateStack: CAPABILITY_AUTO_EXPAND; a change set is itself the look at what a macro makes, and wants
    it for nested stacks alone.
    """
    nests = any(each["Type"] == "AWS::CloudFormation::Stack" for each in made["Resources"].values())
    if named(template) and AUTO_EXPAND not in capabilities and (nests or at != "create_change_set"):
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{AUTO_EXPAND}]")


@cache
def _translated(request: str) -> str:
    """Ask the translator, once for each template and its parameters: it takes seconds."""
    ran = subprocess.run(  # noqa: S603  # who starts the embedded AWS names it
        [os.environ[TRANSLATOR], "-I", str(Path(__file__).with_name("serverless.py"))],
        input=request,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_SECONDS,
    )
    if ran.returncode:
        raise ValidationError(message=f"Transform {SAM} failed with: {ran.stderr.strip()}")
    return ran.stdout
