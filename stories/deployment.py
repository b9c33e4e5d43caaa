"""Deploys the app into the embedded AWS of this process, from the same files that `chalice deploy` reads.

Scenarios and benchmarks deploy hundreds of times; the real `chalice` command takes seconds and a server. What is
deployed is the same: functions and roles by `.chalice/`, the stack by `statemachine/`, the rules by app.py.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from chalice.app import Chalice

from embedded_aws.aws import ACCOUNT_ID, REGION
from embedded_aws.clients import client
from statemachine.definitions import PLACEHOLDER, inlined
from statemachine.policies import names_in_policies, rendered
from statemachine.template import body, load

ROOT = Path(__file__).parent.parent
STAGE = "dev"
ASSUMED_BY_LAMBDA: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@dataclass(frozen=True)
class Deployment:
    """What was deployed, by ARN."""

    functions: Mapping[str, str]
    """By the function's name in app.py."""
    outputs: Mapping[str, str]
    """The stack's outputs."""

    def filled_in(self, path: str) -> str:
        """Return a definition of the repository with the names and ARNs of what is deployed in its placeholders."""
        arns = {f"{_camel_case(name)}FunctionArn": arn for name, arn in self.functions.items()}
        values = {**self.outputs, **arns, "DrainStateMachineArn": self.state_machine}
        text = (ROOT / path).read_text(encoding="utf-8")
        return PLACEHOLDER.sub(lambda found: values[found[1]], text)

    @property
    def state_machine(self) -> str:
        """The ARN of the drain's state machine."""
        return f"arn:aws:states:{REGION}:{ACCOUNT_ID}:stateMachine:{_app_name()}-{STAGE}"


def deploy(
    app: Chalice,
    environment: Mapping[str, str] | None = None,
    stack_parameters: Mapping[str, str] | None = None,
) -> Deployment:
    """Deploy the app for the stage `dev`; `environment` is added to every function's variables.

    `stack_parameters`: as in .chalice/config.json.
    """
    given = stack_parameters or {}
    functions = {name: _deploy_function(name, environment or {}, given) for name in function_names(app)}
    outputs = _deploy_stack(functions, given)
    for source in app.event_sources:
        _deploy_rule(source, functions[source.name])
    return Deployment(functions, outputs)


def function_names(app: Chalice) -> list[str]:
    """Return the names of all Lambda functions of a Chalice app."""
    functions: list[Any] = [*app.pure_lambda_functions, *app.event_sources]
    return sorted({str(function.name) for function in functions})


@cache
def _configuration() -> dict[str, Any]:
    text = (ROOT / ".chalice" / "config.json").read_text(encoding="utf-8")
    configuration: dict[str, Any] = json.loads(text)
    return configuration


def _app_name() -> str:
    return str(_configuration()["app_name"])


def _deploy_function(name: str, environment: Mapping[str, str], given: Mapping[str, str]) -> str:
    configuration = _configuration()
    full_name = f"{_app_name()}-{STAGE}-{name}"
    stage = configuration["stages"][STAGE]
    variables = {**configuration.get("environment_variables", {}), **stage.get("environment_variables", {})}
    variables = {**variables, **environment}
    answer = client("lambda").create_function(
        FunctionName=full_name,
        Runtime="python3.11",
        Handler=f"app.{name}",
        Role=_deploy_role(full_name, name, given, variables),
        Code={"ZipFile": _empty_zip()},
        Timeout=configuration["lambda_timeout"],
        MemorySize=configuration["lambda_memory_size"],
        Environment={"Variables": variables},
    )
    return str(answer["FunctionArn"])


def _deploy_role(
    full_name: str, function: str, given: Mapping[str, str], environment: Mapping[str, str]
) -> str:
    iam = client("iam")
    role = iam.create_role(RoleName=full_name, AssumeRolePolicyDocument=json.dumps(ASSUMED_BY_LAMBDA))
    text = (ROOT / ".chalice" / f"policy-{function}.json").read_text(encoding="utf-8")
    names = names_in_policies({"AppName": _app_name(), "Stage": STAGE}, given, environment)
    policy = rendered(json.loads(text), names)
    iam.put_role_policy(RoleName=full_name, PolicyName=full_name, PolicyDocument=json.dumps(policy))
    return str(role["Role"]["Arn"])


@cache
def _empty_zip() -> bytes:
    """Return a zip that stands for the code: in process, the handlers are those of the imported app."""
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        archive.writestr("app.py", "")
    return content.getvalue()


def _deploy_stack(functions: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    cloudformation = client("cloudformation")
    arns = {f"{_camel_case(name)}FunctionArn": arn for name, arn in functions.items()}
    parameters = {**given, **arns, "Stage": STAGE}
    name = f"{_app_name()}-{STAGE}"
    cloudformation.create_stack(
        StackName=name,
        TemplateURL=_upload(_template(frozenset(functions))),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _upload(template: str) -> str:
    """Put the template where CloudFormation can read it: with its definitions it is too long to go inline."""
    s3, bucket = client("s3"), f"{_app_name()}-templates"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=bucket, Key="template.json", Body=template.encode())
    return f"https://{bucket}.s3.{REGION}.amazonaws.com/template.json"


@cache
def _template(functions: frozenset[str]) -> str:
    folder = ROOT / "statemachine"
    return body(inlined(load(folder / "template.yaml"), folder, set(functions)))


def _camel_case(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _deploy_rule(source: Any, function: str) -> None:
    """Make the rule that an `on_cw_event` or `schedule` of the app stands for, as Chalice does."""
    events = client("events")
    name = f"{_app_name()}-{STAGE}-{source.name}-event"
    pattern = getattr(source, "event_pattern", None)
    trigger = (
        {"EventPattern": json.dumps(pattern)}
        if pattern
        else {"ScheduleExpression": source.schedule_expression.to_string()}
    )
    rule = events.put_rule(Name=name, **trigger)["RuleArn"]
    client("lambda").add_permission(
        FunctionName=function,
        StatementId=source.name,
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": function}])
