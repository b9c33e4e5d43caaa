"""Change sets: what a template would change, before it does.

Source: CloudFormation user guide, "View change set changes", and the API's ResourceChange: a resource is modified where
its own text differs, or something that it refers to; Replacement is True where a property that decides changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from moto.cloudformation.models import Change, ChangeSet, CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from embedded_aws.cloudformation import macros, stacks
from embedded_aws.cloudformation.resource import KINDS
from embedded_aws.requests import AwsError

NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)
IN_A_SUB = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.[^}]*)?\}")

_moto_create_change_set = CloudFormationBackend.create_change_set


def install() -> None:
    """Make moto's change sets say what they would change, and change it."""
    CloudFormationBackend.create_change_set = _create_change_set
    CloudFormationBackend.execute_change_set = _execute_change_set
    CloudFormationResponse.describe_change_set = _describe_change_set
    CloudFormationResponse.delete_change_set = _delete_change_set
    ChangeSet.diff = lambda _: []  # it knows no parameters, no conditions and no replacement
    ChangeSet._parse_template = _parse_template


def _parse_template(self: Any) -> None:
    """Read a change set's template as a stack's is read."""
    self.template_dict = macros.expanded(Stack.parse_template(self.template), self.parameters)


def differs(stack: Any, template: str, parameters: dict[str, Any], tags: dict[str, str] | None) -> bool:
    """Say whether a stack would change; what is the template's default anyway is no change."""
    wanted = macros.expanded(Stack.parse_template(template), parameters)
    return (
        wanted != stack.template_dict
        or _effective(wanted, parameters) != _effective(stack.template_dict, stack.parameters)
        or (tags is not None and tags != stack.tags)
    )


def _effective(template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, str]:
    declared = template.get("Parameters", {})
    defaults = {name: str(each["Default"]) for name, each in declared.items() if "Default" in each}
    return defaults | {name: str(value) for name, value in parameters.items()}


def _create_change_set(self: Any, *arguments: Any, **named: Any) -> tuple[str, str]:
    """Make a change set; one without changes is made as well, and its status says FAILED."""
    change_set_id, stack_id = _moto_create_change_set(self, *arguments, **named)
    change_set, stack = self.change_sets[change_set_id], self.stacks[stack_id]
    template, parameters = change_set.template, change_set.parameters
    if change_set.change_set_type == "UPDATE" and not differs(
        stack, template, parameters, change_set.tags or None
    ):
        change_set.status, change_set.execution_status = "FAILED", "UNAVAILABLE"
        change_set.status_reason = NO_CHANGES
    else:
        change_set.changes = list(_changes(stack, change_set.template_dict, parameters))
    return change_set_id, stack_id


def _changes(stack: Any, template: dict[str, Any], parameters: dict[str, Any]) -> Iterator[Any]:
    """Yield what would change, in the order of the templates."""
    there = {each.logical_resource_id: each for each in stacks.list_resources(stack)}
    wanted = _wanted(stack, template, parameters)
    before = stack.template_dict if there else {"Resources": {}}
    moved = _moved(before, _effective(before, stack.parameters), template, _effective(template, parameters))
    for name, each in wanted.items():
        if name not in there:
            yield _change("Add", name, each["Type"])
            continue
        properties = _properties_that_differ(before["Resources"].get(name, {}), each, moved)
        if properties:
            replacement = _replacement(there[name], properties)
            yield _change("Modify", name, each["Type"], there[name].physical_resource_id, replacement)
    for name, each in there.items():
        if name not in wanted:
            yield _change("Remove", name, each.cf_resource_type, each.physical_resource_id)


def _wanted(stack: Any, template: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the resources of a template whose conditions hold."""
    as_it_would_be = Stack(
        stack_id=stack.stack_id,
        name=stack.name,
        template={},
        parameters=parameters,
        account_id=stack.account_id,
        region_name=stack.region_name,
    )
    as_it_would_be.template_dict = template
    stacks.load(as_it_would_be, parameters)
    resources = as_it_would_be.resource_map
    declared = template["Resources"].items()
    return {name: each for name, each in declared if stacks.is_wanted(each, resources)}


def _moved(
    before: dict[str, Any], old: dict[str, str], after: dict[str, Any], new: dict[str, str]
) -> set[str]:
    """Return the names of the parameters and conditions of which the two templates make something else."""
    moved = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    conditions = [template.get("Conditions", {}) for template in (before, after)]
    for _ in range(stacks.PASSES):  # conditions may name conditions
        for name in conditions[0].keys() | conditions[1].keys():
            texts = [each.get(name) for each in conditions]
            if texts[0] != texts[1] or set(_names(texts[1])) & moved:
                moved.add(name)
    return moved


def _properties_that_differ(old: dict[str, Any], new: dict[str, Any], moved: set[str]) -> set[str]:
    before, after = old.get("Properties", {}), new.get("Properties", {})
    return {
        name
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name) or set(_names(after.get(name))) & moved
    }


def _names(value: Any) -> Iterator[str]:
    """Yield what a part of a template refers to."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in ("Ref", "Condition"):
                yield str(inner)
            elif key == "Fn::Sub":
                yield from IN_A_SUB.findall(inner if isinstance(inner, str) else inner[0])
            elif key == "Fn::If":
                yield inner[0]
            yield from _names(inner)


def _replacement(present: Any, properties: set[str]) -> str:
    kind = KINDS.get(present.cf_resource_type)
    decisive = {*kind.replaced_by, kind.name_property} if kind else set()
    return "True" if properties & decisive else "False"


def _change(action: str, name: str, kind: str, physical_id: str = "", replacement: str = "") -> Any:
    change = Change(action, name, kind)
    change.physical_resource_id = physical_id or None
    change.replacement = replacement or None
    return change


def _found(backend: Any, name: str, stack_name: str | None) -> Any:
    """Return a stack's newest change set of a name or ARN; None where there is none."""
    for each in reversed(list(backend.change_sets.values())):
        is_the_stacks = stack_name in (None, each.stack_name, each.stack_id)
        if is_the_stacks and name in (each.change_set_id, each.change_set_name):
            return each
    return None


def _describe_change_set(self: Any) -> ActionResult:
    """Describe the change set of the stack that is named: the CDK calls those of all its stacks alike."""
    name, stack_name = self._get_param("ChangeSetName"), self._get_param("StackName")
    found = _found(self.cloudformation_backend, name, stack_name)
    if found is None:
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist")
    return ActionResult(found)


def _delete_change_set(self: Any) -> ActionResult:
    """Delete a change set; it is no error that there is none, as long as there is the stack."""
    backend, stack_name = self.cloudformation_backend, self._get_param("StackName")
    if stack_name:
        backend.get_stack(stack_name)
    found = _found(backend, self._get_param("ChangeSetName"), stack_name)
    if found is not None:
        del backend.change_sets[found.change_set_id]
    return EmptyResult()


def _execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:
    change_set = _found(self, change_set_name, stack_name)
    if change_set is None:
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{change_set_name}] does not exist")
    if change_set.execution_status != "AVAILABLE":
        message = f"cannot be executed in its current status of [{change_set.status}]"
        raise AwsError("InvalidChangeSetStatus", f"ChangeSet [{change_set_name}] {message}")
    stack = self.stacks[change_set.stack_id]
    if change_set.change_set_type == "CREATE":
        stack.template, stack.parameters = change_set.template, change_set.parameters
        stacks.read(stack)
        stack.create_resources()
    else:
        stack.update(change_set.template, change_set.role_arn, change_set.parameters, change_set.tags)
    change_set.execution_status = "EXECUTE_COMPLETE"
