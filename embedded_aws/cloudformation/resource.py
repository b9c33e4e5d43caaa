"""A resource of a stack that is made, changed and removed through the API, as CloudFormation itself does it.

The properties of a template are mostly the parameters of the API under the same names; botocore's model of the service
says which, in which case, and whether as numbers, text or tags.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from embedded_aws.clients import client

Properties = dict[str, Any]

KINDS: dict[str, type[Resource]] = {}
"""The kinds of resources that are ours; all others are moto's."""


class Resource:
    """What moto's stacks expect of a resource, over the calls that its kind names."""

    kind: ClassVar[str]
    """As in `AWS::SQS::Queue`."""
    calls: ClassVar[tuple[str, str, str, str]]
    """The service, and the operations that make, change (if not: it is made again) and delete such a resource."""
    name_property: ClassVar[str] = ""
    name_parameter: ClassVar[str] = ""
    """The same in the API, where it is called otherwise."""
    key: ClassVar[str] = ""
    """What the API calls the resource by; Ref gives it."""
    replaced_by: ClassVar[tuple[str, ...]] = ()
    """Properties whose change makes a new resource; the name is always one."""
    attributes: ClassVar[dict[str, str]] = {}
    """What Fn::GetAtt may ask for, put together from what was asked and answered when it was made."""
    may_be_gone: ClassVar[bool] = False
    """Whether what it belongs to may have taken it along."""

    def __init_subclass__(cls) -> None:
        if "kind" in vars(cls):
            KINDS[cls.kind] = cls

    def __init__(self, name: str, properties: Properties, account_id: str, region: str) -> None:
        self.properties = properties
        self.region = region
        self.name = str(properties.get(self.name_property) or name)
        self.facts: Properties = {"account": account_id, "region": region}
        self.logical_resource_id = ""

    def make(self) -> None:
        """Create it."""
        self.call(self.calls[1], {**self.properties, **self.named})

    def change(self, old: Properties) -> None:
        """Make what is there fit `properties`; `old` are those it had."""
        del old
        if self.calls[2]:
            self.call(self.calls[2], {**self.properties, **self.identity})
        else:
            self.make()

    def delete(self, *_: str) -> None:
        """Delete it; raises what the API does, but for what is gone already."""
        with suppress(*[ClientError] if self.may_be_gone else []):
            self.call(self.calls[3], self.identity)

    def call(self, operation: str, given: Properties) -> Any:
        """Ask the service for an operation with those of the parameters that it has; what it says is kept."""
        api = client(self.calls[0], self.region)
        model = api.meta.service_model.operation_model(api.meta.method_to_api_mapping[operation])
        request = fitted(given, model.input_shape)
        answer = getattr(api, operation)(**request)
        inner = [each for each in answer.values() if isinstance(each, dict)]
        for told in (request, answer, *inner):
            self.facts.update(told)
        return answer

    @property
    def named(self) -> Properties:
        """Its name, as the API takes it."""
        return {self.name_parameter or self.name_property: self.name}

    @property
    def identity(self) -> Properties:
        """By what the API finds it, be it one or one of several."""
        return {self.key: self.physical_resource_id, f"{self.key}s": [self.physical_resource_id]}

    @property
    def physical_resource_id(self) -> str:
        """What Ref gives."""
        return str(self.facts.get(self.key, self.name))

    def get_cfn_attribute(self, name: str) -> str:
        """Return what Fn::GetAtt gives."""
        return self.attributes[name].format(**self.facts)

    def is_replaced(self, new: Properties) -> bool:
        """Say whether these properties make it another resource."""
        decisive = (*self.replaced_by, self.name_property)
        return any(self.properties.get(name) != new.get(name) for name in decisive)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Say whether Fn::GetAtt may ask for it, as moto wants to know of outputs."""
        return attr in cls.attributes

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Resource:
        """Create it for moto's resource map."""
        resource = cls(resource_name, cloudformation_json.get("Properties", {}), account_id, region_name)
        resource.make()
        return resource

    def is_created(self) -> bool:
        """Creation is done when it returns."""
        return True


def fitted(value: Any, shape: Any) -> Any:
    """Write a template's value as the API's shape has it; what the shape doesn't know is left out."""
    kind = shape.type_name
    if kind == "structure":
        members = {name.lower(): name for name in shape.members}
        known = {members[name.lower()]: inner for name, inner in value.items() if name.lower() in members}
        return {name: fitted(inner, shape.members[name]) for name, inner in known.items()}
    if kind == "map":
        pairs = {each["Key"]: each["Value"] for each in value} if isinstance(value, list) else value
        return {name: fitted(inner, shape.value) for name, inner in pairs.items()}
    if kind == "list":
        return [fitted(inner, shape.member) for inner in value]
    return PLAIN.get(kind, lambda same: same)(value)


PLAIN: dict[str, Callable[[Any], Any]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda value: str(value).lower() == "true",
    "string": lambda value: value if isinstance(value, str) else json.dumps(value),
}
