"""The app as `chalice package --pkg-format terraform` writes it, made whole and brought to today's Terraform.

Chalice's own generator knows no stack, sends log groups to a method that it doesn't have, leaves IAM's variables where
Terraform would read them, and asks for releases of 2022. The stack stays CloudFormation's, through
`aws_cloudformation_stack`: one template, however it is deployed.
"""

from __future__ import annotations

import json
from typing import Any

from statemachine import template
from statemachine.graph import RETRY_POLICY, CloudFormationStack
from statemachine.packaging import BOUND_BY_THE_APP
from statemachine.template import Document, section

STACK = "stack"
"""What the stack, its bucket and its template are called in Terraform."""
NEEDS = {
    "required_version": ">= 1.5.0",
    "required_providers": {"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}},
}


def generate(original: Any, generator: Any, resources: list[Any]) -> Document:
    """Let Chalice generate, and leave out what is of old and serves nothing."""
    packaged: Document = original(generator, resources)
    packaged["terraform"] = NEEDS
    del packaged["data"]
    return {name: part for name, part in packaged.items() if part}


def add_role(original: Any, generator: Any, resource: Any, packaged: Document) -> None:
    """Let Chalice add a role, and hide IAM's own variables from Terraform."""
    original(generator, resource, packaged)
    policy = packaged["resource"]["aws_iam_role_policy"][resource.resource_name]
    policy["policy"] = as_text(policy["policy"])


def add_function(original: Any, generator: Any, resource: Any, packaged: Document) -> None:
    """Let Chalice add a function, and give its log group the name that Lambda writes to."""
    original(generator, resource, packaged)
    if resource.log_group is not None:
        add_log_group(generator, resource.log_group, packaged)
        groups = [f"aws_cloudwatch_log_group.{resource.log_group.resource_name}"]
        packaged["resource"]["aws_lambda_function"][resource.resource_name]["depends_on"] = groups


def add_log_group(_generator: Any, resource: Any, packaged: Document) -> None:
    """Add a log group, which Chalice's generator would only refuse."""
    group = {"name": resource.log_group_name, "retention_in_days": resource.retention_in_days}
    packaged["resource"].setdefault("aws_cloudwatch_log_group", {})[resource.resource_name] = group


def add_rule(original: Any, generator: Any, resource: Any, packaged: Document) -> None:
    """Let Chalice add a rule, by the name that `chalice deploy` gives it, with retries and the dead-letter queue."""
    original(generator, resource, packaged)
    name, made = resource.resource_name, packaged["resource"]
    rule = made["aws_cloudwatch_event_rule"][name]
    rule["name"] = resource.rule_name
    if not isinstance(rule.get("event_pattern", ""), str):
        rule["event_pattern"] = json.dumps(rule["event_pattern"])
    made["aws_cloudwatch_event_target"][name] |= {
        "retry_policy": {
            "maximum_event_age_in_seconds": RETRY_POLICY["MaximumEventAgeInSeconds"],
            "maximum_retry_attempts": RETRY_POLICY["MaximumRetryAttempts"],
        },
        "dead_letter_config": {"arn": _output("DeadLetterQueueArn")},
    }


def add_stack(_generator: Any, resource: CloudFormationStack, packaged: Document) -> None:
    """Add the stack, a bucket for its template, which is too large to go inline, and a variable for each parameter."""
    made = packaged["resource"]
    made["aws_s3_bucket"] = {STACK: {"bucket_prefix": f"{resource.stack_name[:36]}-", "force_destroy": True}}
    made["aws_s3_bucket_public_access_block"] = {
        STACK: {"bucket": f"${{aws_s3_bucket.{STACK}.id}}", **CLOSED}
    }
    made["aws_s3_object"] = {
        STACK: {
            "bucket": f"${{aws_s3_bucket.{STACK}.id}}",
            # Another template has another URL: Terraform compares no more of it.
            "key": f"{resource.stack_name}/${{md5(local.{STACK})}}.template.json",
            "content": f"${{local.{STACK}}}",
        }
    }
    packaged["locals"][STACK] = as_text(template.body(resource.document))
    made["aws_cloudformation_stack"] = {STACK: _stack(resource)}
    packaged["variable"] = _variables(resource)
    outputs = section(resource.document, "Outputs")
    packaged["output"] = {name: {"value": _output(name)} for name in outputs}


CLOSED = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
)


def _stack(resource: CloudFormationStack) -> Document:
    functions = {
        parameter: f"${{aws_lambda_function.{name}.arn}}"
        for parameter, name in resource.function_parameters().items()
    }
    literal = resource.literal_parameters()
    bound = {name: literal[name] for name in BOUND_BY_THE_APP if name in literal}
    given = {name: f"${{var.{name}}}" for name in _variables(resource)}
    return {
        "name": resource.stack_name,
        "template_url": f"https://${{aws_s3_bucket.{STACK}.bucket_regional_domain_name}}/${{aws_s3_object.{STACK}.key}}",
        "parameters": {**functions, **bound, **given},
        "capabilities": ["CAPABILITY_IAM"],
        "tags": resource.tags,
    }


def _variables(resource: CloudFormationStack) -> Document:
    """Return a variable for each parameter that the app doesn't answer, the stage's configured value as its default."""
    values, answered = resource.literal_parameters(), {*resource.function_parameters(), *BOUND_BY_THE_APP}
    return {
        name: {
            "type": "string",
            "default": str(values.get(name, declared.get("Default", ""))),
            "description": declared.get("Description", ""),
        }
        for name, declared in section(resource.document, "Parameters").items()
        if name not in answered
    }


def _output(name: str) -> str:
    return f'${{aws_cloudformation_stack.{STACK}.outputs["{name}"]}}'


def as_text(text: str) -> str:
    """Return a text as Terraform leaves it: what it would take for its own is doubled."""
    return text.replace("${", "$${").replace("%{", "%%{")
