"""The API of stacks: what CloudFormation refuses before it begins, and what it then sets in motion."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlparse

from moto.cloudformation import parsing
from moto.cloudformation import responses as cloudformation_responses
from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_stack_id, get_stack_from_s3_url
from moto.core.responses import ActionResult

from embedded_aws.cloudformation import change_sets, macros, stacks
from embedded_aws.cloudformation.resource import KINDS
from embedded_aws.requests import AwsError

LARGEST_INLINE_TEMPLATE = 51_200
LARGEST_TEMPLATE = 1024 * 1024
"""Bytes; CloudFormation quotas: "Template body size in a request" and "in an Amazon S3 object"."""
NAMED_IDENTITIES = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
}


def install() -> None:
    """Make moto's CloudFormation create, update, roll back and refuse stacks as AWS does."""
    _motos_class = parsing.resource_class_from_type
    parsing.resource_class_from_type = lambda kind: KINDS.get(kind) or _motos_class(kind)
    parsing.parse_and_create_resource = stacks.create
    Stack.create_resources = stacks.create_resources
    Stack._parse_template = stacks.parse_template
    Stack.update = stacks.update_stack
    Stack.delete = stacks.delete_resources
    Stack.stack_resources = property(stacks.list_resources)
    CloudFormationBackend.create_stack = _create_stack
    CloudFormationBackend.update_stack = _update_stack
    CloudFormationBackend.delete_stack = _delete_stack
    change_sets.install()
    CloudFormationResponse._validate_different_update = _say_so_in_the_change_set
    for operation in ("create_stack", "update_stack", "create_change_set"):
        setattr(CloudFormationResponse, operation, _checking(getattr(CloudFormationResponse, operation)))
    cloudformation_responses.get_stack_from_s3_url = _template_from_s3
    CloudFormationResponse.get_template = _get_template
    _as_yaml = Stack.parse_template
    Stack.parse_template = staticmethod(lambda body: _as_json(body) or _as_yaml(body))


def _as_json(body: str) -> dict[str, Any] | None:
    """Read a template as JSON; None where it isn't. moto would read it as YAML: the same, but fifty times slower."""
    try:
        return dict(json.loads(body))
    except ValueError:
        return None


def _checking(answer: Any) -> Any:
    def answer_checked(self: Any) -> Any:
        body = self._get_param("TemplateBody")
        if body and len(body.encode()) > LARGEST_INLINE_TEMPLATE:
            message = "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to"
            raise ValidationError(
                message=f"1 validation error detected: Value {message} {LARGEST_INLINE_TEMPLATE}"
            )
        url = self._get_param("TemplateURL")
        text = body or (self._get_stack_from_s3_url(url) if url else None)
        if text:
            capabilities = self._get_param("Capabilities", [])
            given, made = _check_template(text, self._get_param("Parameters", []))
            macros.check_capability(given, made, capabilities, answer.__name__)
            _check_capabilities(made["Resources"], capabilities)
        return answer(self)

    return answer_checked


def _check_template(text: str, parameters: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a template as it is and as its macros make it."""
    values = {each["ParameterKey"]: each.get("ParameterValue", "") for each in parameters}
    try:
        given = Stack.parse_template(text)
        template = macros.expanded(given, values)
        declared = template["Resources"]
        unknown = sorted({each["Type"] for each in declared.values() if not stacks.known(each["Type"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValidationError(message=f"Template format error: {error}") from error
    if unknown:
        names = ", ".join(unknown)
        raise ValidationError(message=f"Template format error: Unrecognized resource types: [{names}]")
    strangers = [
        each["ParameterKey"]
        for each in parameters
        if each["ParameterKey"] not in template.get("Parameters", {})
    ]
    if strangers:
        raise ValidationError(message=f"Parameters: [{', '.join(strangers)}] do not exist in the template")
    return given, template


def _check_capabilities(declared: dict[str, Any], capabilities: list[str]) -> None:
    """IAM resources want CAPABILITY_IAM; those with a name of the template's own CAPABILITY_NAMED_IAM."""
    identities = [each for each in declared.values() if each["Type"] in NAMED_IDENTITIES]
    named = any(NAMED_IDENTITIES[each["Type"]] in each.get("Properties", {}) for each in identities)
    needed = "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"
    if identities and "CAPABILITY_NAMED_IAM" not in capabilities and needed not in capabilities:
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")


def _create_stack(self: Any, name: str, template: str, parameters: dict[str, Any], **more: Any) -> Any:
    if any(stack.name == name for stack in self.stacks.values()):
        raise AlreadyExistsException(f"Stack [{name}] already exists")
    stack = Stack(
        stack_id=generate_stack_id(name, self.region_name, self.account_id),
        name=name,
        template=template,
        parameters=parameters,
        account_id=self.account_id,
        region_name=self.region_name,
        cross_stack_resources=self.exports,
        **more,
    )
    if macros.named(Stack.parse_template(template)):
        stacks.read(stack)
    self.stacks[stack.stack_id] = stack
    stack.create_resources()
    self.exports.update({export.name: export for export in stack.exports})
    return stack


def _update_stack(self: Any, name: str, template: str, *, role_arn: Any, parameters: Any, tags: Any) -> Any:
    stack = self.get_stack(name)
    resolved = self._resolve_update_parameters(instance=stack, incoming_params=parameters)
    if not change_sets.differs(stack, template, resolved, tags):
        raise ValidationError(message="No updates are to be performed.")
    stack.update(template, role_arn, parameters=resolved, tags=tags)
    return stack


def _delete_stack(self: Any, name_or_stack_id: str) -> None:
    found = (each for each in self.stacks.values() if name_or_stack_id in (each.name, each.stack_id))
    stack = next(found, None)
    if stack is None:
        return  # on AWS, too, it is no error to delete a stack that is not there
    if stack.enable_termination_protection:
        message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        raise ValidationError(message=message)
    exports = [export.name for export in stack.exports]
    stack.delete()
    if stack.status == "DELETE_COMPLETE":
        self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)
        for name in exports:
            self.exports.pop(name, None)


def _say_so_in_the_change_set(*_: Any) -> None:
    """moto refuses a change set without changes; on AWS it is made, and its status says FAILED."""


def _template_from_s3(template_url: str, account_id: str, partition: str) -> str:
    """Read a template, also from an address of the server's own, which has the bucket in its path."""
    host, path = urlparse(template_url).hostname or "", urlparse(template_url).path
    if not host.endswith("amazonaws.com"):
        template_url = f"https://s3.amazonaws.com{path}"
    text: str = get_stack_from_s3_url(template_url, account_id=account_id, partition=partition)
    if len(text.encode()) > LARGEST_TEMPLATE:
        raise ValidationError(message=f"Template may not exceed {LARGEST_TEMPLATE} bytes in size.")
    return text


def _get_template(self: Any) -> ActionResult:
    """Return a stack's template as it was handed in, but with S3's address where a tool has written the server's.

    `sam delete` looks for what `sam deploy` uploaded by addresses of AWS's alone.
    """
    text = self.cloudformation_backend.get_template(self._get_param("StackName"))
    own, awss = f"http://{urlparse(self.uri).netloc}/", f"https://s3.{self.region}.amazonaws.com/"
    return ActionResult({"TemplateBody": text.replace(own, awss) if isinstance(text, str) else text})
