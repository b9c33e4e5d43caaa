"""A resource of a stack that is made, changed and removed through the API, as CloudFormation itself does it."""

from __future__ import annotations

from typing import Any, ClassVar

from embedded_aws.clients import client

Properties = dict[str, Any]

KINDS: dict[str, type[Resource]] = {}
"""The kinds of resources that are ours; all others are moto's."""


class Resource:
    """What moto's stacks expect of a resource, over four methods that each kind fills in."""

    kind: ClassVar[str]
    """As in `AWS::SQS::Queue`."""
    name_property: ClassVar[str] = ""
    replaced_by: ClassVar[tuple[str, ...]] = ()
    """Properties whose change makes a new resource; the name is always one."""
    attributes: ClassVar[tuple[str, ...]] = ()
    """What Fn::GetAtt may ask for."""

    def __init_subclass__(cls) -> None:
        KINDS[cls.kind] = cls

    def __init__(self, name: str, properties: Properties, region: str) -> None:
        self.properties = properties
        self.region = region
        self.name = str(properties.get(self.name_property) or name)
        self.physical_resource_id = ""
        self.cf_resource_type = self.kind
        self.logical_resource_id = ""

    def make(self) -> str:
        """Create it; returns what Ref gives."""
        raise NotImplementedError

    def change(self, old: Properties) -> None:
        """Make what is there fit `properties`; `old` are those it had."""
        raise NotImplementedError

    def remove(self) -> None:
        """Delete it; what is gone already is no error."""
        raise NotImplementedError

    def get_cfn_attribute(self, name: str) -> str:
        """Return what Fn::GetAtt gives."""
        raise NotImplementedError

    def api(self, service: str) -> Any:
        """Return the client that CloudFormation uses in the stack's Region."""
        return client(service, self.region)

    def given(self, *names: str) -> Properties:
        """Return those of the properties that the template has."""
        return {name: self.properties[name] for name in names if name in self.properties}

    def is_replaced(self, new: Properties) -> bool:
        """Say whether these properties make it another resource."""
        decisive = (*self.replaced_by, self.name_property)
        return any(self.properties.get(name) != new.get(name) for name in decisive if name)

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Say whether Fn::GetAtt may ask for it, as moto wants to know of outputs."""
        return attr in cls.attributes

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> Resource:
        """Create it for moto's resource map."""
        del account_id
        resource = cls(resource_name, cloudformation_json["Properties"], region_name)
        resource.physical_resource_id = resource.make()
        return resource

    def delete(self, account_id: str, region_name: str) -> None:
        """Remove it for moto's resource map."""
        del account_id, region_name
        self.remove()

    def is_created(self) -> bool:
        """Creation is done when it returns."""
        return bool(self.physical_resource_id)


def tags(properties: Properties, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return a resource's tags under the names that its API has for them."""
    return [{key: tag["Key"], value: tag["Value"]} for tag in properties.get("Tags", [])]
