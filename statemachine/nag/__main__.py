"""Holds the stack and the functions' roles, as two stages would deploy them, against cdk-nag's AwsSolutions rules.

python -m statemachine.nag PYTHON      # of the environment that has cdk-nag; `make nag` makes it
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalice.utils import to_cfn_resource_name

from statemachine.graph import TEMPLATE
from statemachine.nag.exceptions import Violation, complaints, exceptions, violation
from statemachine.nag.settled import settled
from statemachine.policies import names_in_policies, rendered
from statemachine.template import Document, body, load
from statemachine.trust import only_for

KEY = "arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-4000-8000-000000000001"
STAGES: dict[str, dict[str, str]] = {
    "by default": {},
    "with a customer key and traces": {"KmsKeyArn": KEY, "Tracing": "true"},
}
QUIET = {
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
}


def main(python: str) -> int:
    """Return 0 where each violation has its reason and each reason its violation, else print what has not."""
    found = {each for given in STAGES.values() for each in violations(python, whole(given))}
    wrong = list(complaints(found, exceptions()))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(
        f"cdk-nag: {len(found)} violations of AwsSolutions rules, {len(exceptions())} reasons, {len(wrong)} wrong"
    )
    return 1 if wrong else 0


def violations(python: str, document: Document) -> Iterator[Violation]:
    """Yield what cdk-nag finds in a template; raises CalledProcessError where it can't be asked."""
    script = Path(__file__).with_name("report.py")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "template.json")
        file.write_text(body(document), encoding="utf-8")
        ran = subprocess.run(  # noqa: S603  # the environment that the Makefile made
            [python, str(script), str(file)],
            env={**os.environ, **QUIET},
            capture_output=True,
            text=True,
            check=False,
        )
    if ran.returncode:
        sys.exit(f"cdk-nag could not be asked:\n{ran.stderr}")
    yield from (violation(*each) for each in json.loads(ran.stdout.splitlines()[-1]))


def whole(given: dict[str, str]) -> Document:
    """Return stack and functions' roles as one template, for a stage with these stack parameters."""
    document = load(TEMPLATE)
    for resource in document["Resources"].values():
        if resource.get("Properties", {}).pop("DefinitionS3Location", None):
            resource["Properties"]["DefinitionString"] = "{}"
    decided = settled(document, {"AppName": "ecs-drainer", "Stage": "dev", **given})
    return {**decided, "Resources": {**decided["Resources"], **roles(given)}}


def roles(given: dict[str, str]) -> dict[str, Any]:
    """Return the functions' roles by logical id, as `chalice deploy` makes them."""
    names = names_in_policies({"AppName": "ecs-drainer", "Stage": "dev"}, given)
    found = {}
    for file in sorted(Path(".chalice").glob("policy-*.json")):
        function = file.stem.removeprefix("policy-")
        policy = rendered(json.loads(file.read_text(encoding="utf-8")), names)
        arn = f"arn:aws:lambda:*:123456789012:function:ecs-drainer-dev-{function}"
        properties = {
            "AssumeRolePolicyDocument": only_for(arn, "123456789012"),
            "Policies": [{"PolicyName": function, "PolicyDocument": policy}],
        }
        found[f"{to_cfn_resource_name(function)}Role"] = {"Type": "AWS::IAM::Role", "Properties": properties}
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
