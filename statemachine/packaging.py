"""The same stack inside what `chalice package` writes, so that CloudFormation alone can deploy the app."""

from __future__ import annotations

import re
from typing import Any

from chalice.utils import to_cfn_resource_name

from statemachine.graph import RETRY_POLICY, CloudFormationStack
from statemachine.refusal import DeploymentRefused
from statemachine.template import Document, section

SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")
BOUND_BY_THE_APP = ("AppName", "Stage")
VARIABLE = re.compile(r"\$\{([A-Za-z0-9]+)\}")


def add_stack(_generator: Any, resource: CloudFormationStack, packaged: Document) -> None:
    """Add the stack's template to the SAM template, its parameters replaced by what they stand for.

    The functions also get the names that `chalice deploy` gives them, which the policies and the app rely on.

    Raises:
        DeploymentRefused: a name is in both templates.
    """
    for function in resource.function_names:
        properties = packaged["Resources"][to_cfn_resource_name(function)]["Properties"]
        properties["FunctionName"] = f"{resource.stack_name}-{function}"
    bound = _bound(resource.document, _meanings(resource))
    bound["Parameters"] = _open_parameters(resource)
    for name in SECTIONS:
        theirs = packaged.get(name, {})
        if clash := sorted(set(section(bound, name)) & set(theirs)):
            raise DeploymentRefused(
                f"{', '.join(clash)} would be in {name} twice: rename it in the template."
            )
        if merged := {**theirs, **section(bound, name)}:
            packaged[name] = merged


def add_retries(original: Any, generator: Any, resource: Any, packaged: Document) -> None:
    """Let Chalice add an event to a function, then give it the retry policy and the dead-letter queue."""
    original(generator, resource, packaged)
    function = packaged["Resources"][to_cfn_resource_name(resource.lambda_function.resource_name)]
    for event in function["Properties"]["Events"].values():
        # The name that `chalice deploy` gives the rule; the two kinds of events call it otherwise.
        named = "RuleName" if "Pattern" in event["Properties"] else "Name"
        event["Properties"][named] = resource.rule_name
        event["Properties"]["RetryPolicy"] = dict(RETRY_POLICY)
        event["Properties"]["DeadLetterConfig"] = {"Arn": packaged["Outputs"]["DeadLetterQueueArn"]["Value"]}


def _meanings(resource: CloudFormationStack) -> dict[str, Any]:
    """Return what each parameter stands for here: a function in the same template, or plain text."""
    functions = {
        parameter: {"Fn::GetAtt": [to_cfn_resource_name(name), "Arn"]}
        for parameter, name in resource.function_parameters().items()
    }
    literal = resource.literal_parameters()
    return {**functions, **{name: literal[name] for name in BOUND_BY_THE_APP if name in literal}}


def _open_parameters(resource: CloudFormationStack) -> Document:
    """Return the parameters that stay open, the stage's configured values as their defaults."""
    values, meanings = resource.literal_parameters(), _meanings(resource)
    return {
        name: {**declared, "Default": values[name]} if name in values else declared
        for name, declared in section(resource.document, "Parameters").items()
        if name not in meanings
    }


def _bound(value: Any, meanings: dict[str, Any]) -> Any:
    """Return a part of the template with Ref and Fn::Sub of bound parameters replaced."""
    if isinstance(value, list):
        return [_bound(item, meanings) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and value.get("Ref") in meanings:
        return meanings[value["Ref"]]
    if len(value) == 1 and isinstance(value.get("Fn::Sub"), str):
        return {"Fn::Sub": VARIABLE.sub(lambda found: _in_a_sub(found, meanings), value["Fn::Sub"])}
    return {key: _bound(item, meanings) for key, item in value.items()}


def _in_a_sub(found: re.Match[str], meanings: dict[str, Any]) -> str:
    meaning = meanings.get(found[1], found[0])
    return meaning if isinstance(meaning, str) else f"${{{'.'.join(meaning['Fn::GetAtt'])}}}"
