"""A whole stack: created, updated or deleted at once, and rolled back when one of its resources fails.

Source: CloudFormation user guide, "Stack failure options" and "Update behaviors of stack resources": what fails
to create is rolled back to ROLLBACK_COMPLETE, what fails to update to UPDATE_ROLLBACK_COMPLETE; what a new
template leaves out is deleted last. On AWS this takes minutes, here no time.
"""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow

from embedded_aws.cloudformation.resources import ResourceFailed, delete, is_wanted, update
from embedded_aws.requests import acting_as_service

CLOUDFORMATION = "cloudformation.amazonaws.com"
PASSES = 5
"""A change may change what others refer to; five rounds settle every template that is not a riddle."""


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
    _load(stack, parameters)
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


def _load(stack: Any, parameters: dict[str, Any]) -> None:
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
