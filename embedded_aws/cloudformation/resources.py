"""One resource of a stack: created, updated and deleted, each with the stack events that AWS shows."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.cloudformation.models import Event, cloudformation_backends

from embedded_aws.cloudformation import kinds  # noqa: F401  # adds its kinds of resources to KINDS
from embedded_aws.cloudformation.resource import KINDS, Resource


@dataclass
class ResourceFailed(Exception):  # noqa: N818  # as CloudFormation says it: CREATE_FAILED, UPDATE_FAILED
    """A resource could not be made or changed; the stack goes back to where it was."""

    logical_id: str
    verb: str
    reason: str


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
