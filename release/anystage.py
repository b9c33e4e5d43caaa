"""One template for every stage, out of what `chalice package` writes for one: its settings become parameters.

`sam.json` keeps Chalice's SAM functions; `template.json` has plain ones, which need neither the SAM macro nor
CAPABILITY_AUTO_EXPAND, and take their code from a bucket.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.policy.sources import VARIABLE_PREFIX
from chalicelib.policy.table import BY_NAME

Document = dict[str, Any]

LOG_LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"]
NOT_OF_A_STAGE = "cluster"
"""A drain's own setting; a stage has `Clusters`."""
OF_ROLES = ("Clusters", "KmsKeyArn", "OwnTopicPattern")
"""Parameters of the stack that `chalice deploy` writes the functions' roles by."""
STAGE_PATTERN = "^[A-Za-z0-9-]{1,32}$"
CODE = "deployment.zip"
READS_NO_JSONATA = "E3601"
"""cfn-lint 1.58 takes an expression where a number may stand for a mistake; `definition_check` has read both."""


def for_any_stage(packaged: Document, app: str, stage: str, version: str) -> Document:
    """Return the SAM template with the stage as its parameter.

    Args:
        packaged: what `chalice package` wrote; left as it is.
        app: the app's name, which begins every name.
        stage: the stage that it was packaged for.
        version: the release's, which becomes an output.

    Raises:
        ValueError: the stage stands where no intrinsic function can: in a key, or in a definition.
    """
    document: Document = _open(json.loads(json.dumps(packaged)), app, stage)
    variables = _variables(packaged, app)
    for resource in document["Resources"].values():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = CODE
            properties["Environment"] = {"Variables": {name: value for name, (value, _) in variables.items()}}
        elif resource["Type"] == "AWS::Logs::LogGroup":
            properties["RetentionInDays"] = {"Ref": "LogRetentionDays"}
    document["Description"] = f"ecs-drainer {version}: empties ECS container instances before they go away"
    document["Parameters"] = _parameters(document["Parameters"], stage, variables)
    document["Outputs"]["Release"] = {"Description": "Which release this is.", "Value": version}
    return document


def plain(sam: Document) -> Document:
    """Return a SAM template of Chalice's without its macro, the code taken from the bucket of two more parameters.

    Raises:
        ValueError: a function has a property that this knows no plain form of.
    """
    document: Document = json.loads(json.dumps(sam))
    del document["Transform"]
    resources: Document = {}
    for name, resource in document["Resources"].items():
        resources |= dict(_function(name, resource)) if _is_sam(resource) else {name: resource}
    for resource in resources.values():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            resource["Metadata"] = {"cfn-lint": {"config": {"ignore_checks": [READS_NO_JSONATA]}}}
    document["Resources"] = resources
    document["Parameters"] |= {
        "CodeBucket": {
            "Type": "String",
            "Description": "The S3 bucket, in this Region, that has the release's zip.",
        },
        "CodeKey": {"Type": "String", "Description": "The key of the release's zip in it."},
    }
    return document


def _open(value: Any, app: str, stage: str) -> Any:
    """Return a part of the template in which names of the stage are made of the parameter Stage."""
    if isinstance(value, list):
        return [_open(item, app, stage) for item in value]
    if isinstance(value, str):
        text, found = _with_stage(_literal(value), app, stage)
        return {"Fn::Sub": text} if found else value
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("Fn::Sub"), str):
        return {"Fn::Sub": _with_stage(value["Fn::Sub"], app, stage)[0]}
    for key, inner in value.items():
        if _with_stage(key, app, stage)[1] or (
            key == "DefinitionString" and _with_stage(inner, app, stage)[1]
        ):
            raise ValueError(f"{key} names the stage {stage}, where no parameter can stand for it")
    return {key: _open(inner, app, stage) for key, inner in value.items()}


def _with_stage(text: str, app: str, stage: str) -> tuple[str, int]:
    return re.subn(rf"\b({re.escape(app)}[- ]|stage=){re.escape(stage)}\b", r"\1${Stage}", text)


def _literal(text: str) -> str:
    """Return the text as Fn::Sub leaves it: IAM's own variables stay."""
    return text.replace("${", "${!")


def _variables(packaged: Document, app: str) -> dict[str, tuple[Any, Document]]:
    """Return each variable of the functions: its value, and the parameter that it refers to, if it does."""
    functions = (each for each in packaged["Resources"].values() if _is_sam(each))
    configured: Mapping[str, str] = next(functions)["Properties"]["Environment"]["Variables"]
    variables: dict[str, tuple[Any, Document]] = {
        "POWERTOOLS_SERVICE_NAME": ({"Fn::Sub": f"{app}-${{Stage}}"}, {}),
        "POWERTOOLS_LOG_LEVEL": ({"Ref": "LogLevel"}, _log_level(configured)),
    }
    for variable, parameter, description in _settings():
        declared = {"Type": "String", "Default": configured.get(variable, ""), "Description": description}
        variables[variable] = ({"Ref": parameter}, declared)
    if strangers := sorted(configured.keys() - variables.keys()):
        raise ValueError(f"{', '.join(strangers)} of .chalice/config.json would be in no released template")
    return variables


def _settings() -> Iterator[tuple[str, str, str]]:
    """Yield each setting of a stage: the variable, the parameter and its description."""
    yield (
        "ECS_DRAINER_CLUSTERS",
        "ClustersToSearch",
        "Clusters to look in, by name or ARN, with spaces between; empty for all.",
    )
    yield (
        "ECS_DRAINER_HOOKS",
        "Hooks",
        (
            "Lifecycle hooks to act on, by name, `*` for anything, with spaces between; empty for all but those of ECS."
        ),
    )
    yield (
        "ECS_DRAINER_QUEUES",
        "Queues",
        "Queues that tags of services may have counted, by name, `*` at the end for what begins so; empty for all.",
    )
    yield (
        "ECS_DRAINER_EVENT_BUS",
        "EventBus",
        "Where events of drains are put: `default`, or `none`; empty for `default`.",
    )
    yield (
        "ECS_DRAINER_HTTPS_NOTICES",
        "HttpsNotices",
        "What subscribers of the topics by HTTPS get, `chat` or `json`; empty for `chat`.",
    )
    for name, setting in BY_NAME.items():
        if not setting.manual_only and name != NOT_OF_A_STAGE:
            meaning = f"{setting.meaning} Accepts {setting.accepts}; empty for {setting.default}."
            yield f"{VARIABLE_PREFIX}{name.upper()}", parameter_of(name), meaning


def parameter_of(setting: str) -> str:
    """Return the parameter of a setting: `OnDeadline` for `on_deadline`."""
    return "".join(word.capitalize() for word in setting.split("_"))


def _log_level(configured: Mapping[str, str]) -> Document:
    return {
        "Type": "String",
        "Default": configured.get("POWERTOOLS_LOG_LEVEL", "INFO"),
        "AllowedValues": LOG_LEVELS,
        "Description": "From which level on the functions write their log.",
    }


def _parameters(stack: Document, stage: str, variables: Mapping[str, tuple[Any, Document]]) -> Document:
    own: Document = {
        "Stage": {
            "Type": "String",
            "Default": stage,
            "AllowedPattern": STAGE_PATTERN,
            "Description": "What follows ecs-drainer- in every name; one account and Region may have several.",
        }
    }
    settings = {value["Ref"]: declared for value, declared in variables.values() if declared}
    days = {**stack["LogRetentionDays"], "Description": "How many days logs are kept."}
    return {**own, **settings, **stack, **_fixed(stack), "LogRetentionDays": days}


def _fixed(stack: Document) -> Document:
    """Return the parameters that a release knows one value of: the functions' roles are written for no other."""
    reason = "the default: roles that know another value are made by `chalice deploy`"
    return {
        name: {
            **stack[name],
            "AllowedPattern": f"^{re.escape(stack[name]['Default'])}$",
            "ConstraintDescription": reason,
        }
        for name in OF_ROLES
    }


def _is_sam(resource: Document) -> bool:
    return bool(resource["Type"] == "AWS::Serverless::Function")


SAME = (
    "Runtime",
    "Handler",
    "Timeout",
    "MemorySize",
    "Architectures",
    "Environment",
    "Role",
    "FunctionName",
)
"""Properties that a plain function has as the SAM one has them."""


def _function(name: str, resource: Document) -> Iterator[tuple[str, Document]]:
    """Yield the plain function, and the rule and the permission of each of its events."""
    given = dict(resource["Properties"])
    events = given.pop("Events", {})
    properties = {
        **{key: given.pop(key) for key in SAME if key in given},
        "Code": {"S3Bucket": {"Ref": "CodeBucket"}, "S3Key": {"Ref": "CodeKey"}},
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(given.pop("Tags").items())],
        "TracingConfig": {"Mode": given.pop("Tracing")},
    }
    del given["CodeUri"]
    if given:
        raise ValueError(f"{name} has {', '.join(sorted(given))}, of which no plain form is known")
    yield name, {**resource, "Type": "AWS::Lambda::Function", "Properties": properties}
    for event_name, event in events.items():
        yield from _event(name, event_name, event["Properties"])


def _event(function: str, name: str, event: Document) -> Iterator[tuple[str, Document]]:
    arn = {"Fn::GetAtt": [function, "Arn"]}
    target = {key: event[key] for key in ("RetryPolicy", "DeadLetterConfig")}
    when = (
        {"EventPattern": event["Pattern"]}
        if "Pattern" in event
        else {"ScheduleExpression": event["Schedule"]}
    )
    rule = {
        "Name": event.get("RuleName") or event["Name"],
        **when,
        "Targets": [{"Id": "1", "Arn": arn, **target}],
    }
    yield name, {"Type": "AWS::Events::Rule", "Properties": rule}
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": function},
        "Principal": "events.amazonaws.com",
        "SourceArn": {"Fn::GetAtt": [name, "Arn"]},
    }
    yield f"{name}Permission", {"Type": "AWS::Lambda::Permission", "Properties": permission}
