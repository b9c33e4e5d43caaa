"""A whole stack: created, updated or deleted at once, and rolled back when one of its resources fails.

Source: CloudFormation user guide, "Stack failure options" and "Update behaviors of stack resources": what fails
to create is rolled back to ROLLBACK_COMPLETE, what fails to update to UPDATE_ROLLBACK_COMPLETE; what a new
template leaves out is deleted last. On AWS this takes minutes, here no time.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.cloudformation.models import Event, cloudformation_backends
from moto.core.utils import utcnow

from embedded_aws.cloudformation import (
    buckets,  # noqa: F401  # adds its kinds to KINDS, as the next three do
    functions,  # noqa: F401
    kinds,  # noqa: F401
    macros,
    nested,  # noqa: F401
)
from embedded_aws.cloudformation.resource import KINDS, Resource
from embedded_aws.requests import acting_as_service

CLOUDFORMATION = "cloudformation.amazonaws.com"
PASSES = 5
"""A change may change what others refer to; five rounds settle every template that is not a riddle."""


@dataclass
class ResourceFailed(Exception):  # noqa: N818  # as CloudFormation says it: CREATE_FAILED, UPDATE_FAILED
    """A resource could not be made or changed; the stack goes back to where it was."""

    logical_id: str
    verb: str
    reason: str


def create_resources(self: Any) -> None:
    """Create all resources of moto's `Stack`, or none."""
    _say(self, "CREATE_IN_PROGRESS", "User Initiated")
    try:
        with acting_as_service(CLOUDFORMATION):
            self.resource_map.create(self.template_dict)
    except ResourceFailed as failure:
        _say(self, "ROLLBACK_IN_PROGRESS", f"{_told(failure)}Rollback requested by user.")
        failures = _delete_all(self, list(reversed(list_resources(self))))
        self.output_map._output_json_map = None  # to look an output up would create its resource again
        _say(self, "ROLLBACK_FAILED" if failures else "ROLLBACK_COMPLETE")
    else:
        self.description = self.template_dict.get("Description")
        _say(self, "CREATE_COMPLETE")


def update_stack(
    self: Any,
    template: str,
    role_arn: str | None = None,
    parameters: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """Make all resources of moto's `Stack` fit a template, or as they were."""
    before = (self.template, self.parameters)
    _say(self, "UPDATE_IN_PROGRESS", "User Initiated")
    try:
        with acting_as_service(CLOUDFORMATION):
            replaced = _fit(self, template, parameters or {})
    except ResourceFailed as failure:
        _say(self, "UPDATE_ROLLBACK_IN_PROGRESS", _told(failure))
        with acting_as_service(CLOUDFORMATION):
            _clean_up(self, _fit(self, *before))
        _say(self, "UPDATE_ROLLBACK_COMPLETE")
        return
    self.role_arn, self.tags = role_arn, self.tags if tags is None else tags
    _say(self, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
    with acting_as_service(CLOUDFORMATION):
        _clean_up(self, replaced)
    _say(self, "UPDATE_COMPLETE")


def delete_resources(self: Any) -> None:
    """Delete the resources of moto's `Stack` that no DeletionPolicy retains, the latest first."""
    _say(self, "DELETE_IN_PROGRESS", "User Initiated")
    left = [present for present in reversed(list_resources(self)) if not _is_retained(self, present)]
    failures = _delete_all(self, left)
    if failures:
        _say(self, "DELETE_FAILED", _told(*failures))
    else:
        _say(self, "DELETE_COMPLETE")


def list_resources(self: Any) -> list[Any]:
    """Return the resources that there are; to ask moto's map for others would create them."""
    present = self.resource_map._parsed_resources
    return [each for each in present.values() if hasattr(each, "logical_resource_id")]


def _told(*failures: ResourceFailed) -> str:
    names = ", ".join(failure.logical_id for failure in failures)
    return f"The following resource(s) failed to {failures[0].verb}: [{names}]. "


def _delete_all(stack: Any, left: list[Any]) -> list[ResourceFailed]:
    failures = []
    for present in left:
        try:
            with acting_as_service(CLOUDFORMATION):
                delete(present, stack)
        except ResourceFailed as failure:
            failures.append(failure)
        else:
            del stack.resource_map._parsed_resources[present.logical_resource_id]
    return failures


def _is_retained(stack: Any, present: Any) -> bool:
    template = stack.resource_map._resource_json_map.get(present.logical_resource_id, {})
    return str(template.get("DeletionPolicy", "Delete")).startswith("Retain")


def _fit(stack: Any, template: str, parameters: dict[str, Any]) -> list[Any]:
    """Create and change what the template asks for; returns what has been replaced."""
    resources = stack.resource_map
    stack.template, stack.parameters = template, parameters
    stack._parse_template()
    load(stack, parameters)
    wanted = [name for name, each in resources._resource_json_map.items() if is_wanted(each, resources)]
    replaced: list[Any] = []
    for _ in range(PASSES):
        for logical_id in wanted:
            if logical_id in resources._parsed_resources:
                replaced.append(update(logical_id, stack))
            else:
                resources[logical_id]  # moto's map creates what is asked for first
    stack.output_map = stack._create_output_map()
    stack.description = stack.template_dict.get("Description")
    stack.last_updated_time = utcnow()
    return [each for each in replaced if each is not None]


def parse_template(self: Any) -> None:
    """Read the template of moto's `Stack`; what was handed in stays its text."""
    parameters = getattr(self, "parameters", {})  # moto reads it once before it has them
    self.template_dict = macros.expanded(self.parse_template(self.template), parameters)


def read(stack: Any) -> None:
    """Read a stack's template with its parameters, and make maps of what it asks for."""
    stack._parse_template()
    stack.resource_map = stack._create_resource_map()
    stack.output_map = stack._create_output_map()


def load(stack: Any, parameters: dict[str, Any]) -> None:
    """Let moto's resource map read a stack's template, with these parameters."""
    resources = stack.resource_map
    resources._template, resources._resource_json_map = stack.template_dict, stack.template_dict["Resources"]
    resources.input_parameters, resources.resolved_parameters = parameters, {}
    resources.load_mapping()
    resources.load_parameters()
    resources.load_conditions()


def _clean_up(stack: Any, replaced: list[Any]) -> None:
    resources = stack.resource_map
    templates = resources._resource_json_map
    for present in replaced:
        delete(present, stack)
    for present in reversed(list_resources(stack)):
        template = templates.get(present.logical_resource_id)
        if template is None or not is_wanted(template, resources):
            _delete_all(stack, [present])


def _say(stack: Any, status: str, reason: str | None = None) -> None:
    stack.status, stack.status_reason = status, reason
    stack._add_stack_event(status, resource_status_reason=reason)


def known(resource_type: str) -> bool:
    """Say whether the embedded CloudFormation can make such a resource."""
    return (
        resource_type in KINDS
        or resource_type in parsing.get_model_map()
        or resource_type in parsing.NULL_MODELS
        or resource_type.startswith("Custom::")
    )


@contextmanager
def _doing(verb: str, stack: Any, logical_id: str, kind: str, present: Any = None) -> Iterator[None]:
    """Record that it begins, and where it fails; raises ResourceFailed."""
    record(stack, logical_id, kind, f"{verb.upper()}_IN_PROGRESS", present)
    try:
        yield
    except Exception as error:
        record(stack, logical_id, kind, f"{verb.upper()}_FAILED", present, reason=_reason(error))
        raise ResourceFailed(logical_id, verb, _reason(error)) from error


def create(logical_id: str, template: Any, resources: Any, account_id: str, region_name: str) -> Any:
    """Create a resource when moto's resource map first meets it; None where its condition is false."""
    found = resolve(logical_id, template, resources) if is_wanted(template, resources) else None
    if found is None:
        return None
    stack = cloudformation_backends[account_id][region_name].stacks.get(resources.stack_id)
    about = {"LogicalId": logical_id, "StackId": resources.stack_id, "ResourceType": template["Type"]}
    with _doing("create", stack, logical_id, template["Type"]):
        made = _made(found, account_id, region_name, **about)
    made.cf_resource_type, made.logical_resource_id = template["Type"], logical_id
    made.resolved = found[1].get("Properties", {})
    record(stack, logical_id, template["Type"], "CREATE_COMPLETE", made)
    return made


def update(logical_id: str, stack: Any) -> Any:
    """Make a resource fit the stack's template; returns one that was replaced and is to be deleted, or None."""
    resources = stack.resource_map
    template, present = resources._resource_json_map[logical_id], resources._parsed_resources[logical_id]
    found = resolve(logical_id, template, resources)
    wanted = without_nothing(found[1].get("Properties", {})) if found else {}
    if found is None or wanted == present.resolved:
        return None
    kind = template["Type"]
    with _doing("update", stack, logical_id, kind, present):
        changed, replaced = _changed(present, wanted, found, stack)
    changed.cf_resource_type, changed.logical_resource_id, changed.resolved = kind, logical_id, wanted
    resources._parsed_resources[logical_id] = changed
    record(stack, logical_id, kind, "UPDATE_COMPLETE", changed)
    return replaced


def delete(present: Any, stack: Any) -> None:
    """Delete a resource; raises ResourceFailed."""
    logical_id, kind = present.logical_resource_id, present.cf_resource_type
    with _doing("delete", stack, logical_id, kind, present):
        stack.resource_map._delete_resource(present, {"Type": kind, "Properties": present.resolved})
    record(stack, logical_id, kind, "DELETE_COMPLETE", present)


def is_wanted(template: Any, resources: Any) -> bool:
    """Say whether the condition of a resource, if any, is true."""
    condition = template.get("Condition")
    return not condition or bool(resources.lazy_condition_map[condition])


def resolve(logical_id: str, template: Any, resources: Any) -> tuple[Any, Any, str] | None:
    """Return a resource's class, its JSON without Ref, Fn::Sub and their kin, and a name for it."""
    found = parsing.parse_resource_and_generate_name(logical_id, copy.deepcopy(template), resources)
    if not found:
        return None
    kind, cleaned, name = found
    return kind, without_nothing(cleaned), name


def without_nothing(value: Any) -> Any:
    """Leave out what `AWS::NoValue` removes; moto leaves it in lists."""
    if isinstance(value, dict):
        return {key: without_nothing(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nothing(inner) for inner in value if inner is not None]
    return value


def record(
    stack: Any, logical_id: str, kind: str, status: str, present: Any = None, *, reason: str | None = None
) -> None:
    """Add an event of a resource to its stack's."""
    if stack is not None:
        physical_id = getattr(present, "physical_resource_id", "") or ""
        event = Event(stack.stack_id, stack.name, logical_id, physical_id, kind, status, reason, None)
        stack.events.append(event)


def _changed(present: Any, wanted: Any, found: Any, stack: Any) -> tuple[Any, Any]:
    if not isinstance(present, Resource):
        updated = parsing.parse_and_update_resource(
            present.logical_resource_id,
            stack.resource_map._resource_json_map[present.logical_resource_id],
            stack.resource_map,
            account_id=stack.account_id,
            region_name=stack.region_name,
        )
        return updated or present, None
    if not present.is_replaced(wanted):
        before, present.properties = present.properties, wanted
        present.change(before)
        return present, None
    if wanted.get(present.name_property) == present.name:
        raise ValueError(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
            f"Rename {present.name} and update the stack again."
        )
    return _made(found, stack.account_id, stack.region_name), present


def _made(found: Any, account_id: str, region_name: str, **about: Any) -> Any:
    kind, cleaned, name = found
    return kind.create_from_cloudformation_json(name, cleaned, account_id, region_name, **about)


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        said = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        return f"{said['Message']} (Service: {error.operation_name}, Status Code: {status}, {said['Code']})"
    return str(getattr(error, "message", None) or error or type(error).__name__)
