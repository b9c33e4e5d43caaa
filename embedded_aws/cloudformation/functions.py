"""A Lambda function of a stack: its code from a bucket, or a few lines that the template has itself."""

from __future__ import annotations

from io import BytesIO
from typing import Any, ClassVar
from zipfile import ZipFile

from embedded_aws.cloudformation.resource import Properties, Resource

INLINE_FILE = "index.py"
"""Where Lambda puts the text of `Code.ZipFile`, for Python."""


class Function(Resource):
    """A function; configuration and code are changed by two operations, and only what differs is."""

    kind = "AWS::Lambda::Function"
    calls = ("lambda", "create_function", "update_function_configuration", "delete_function")
    name_property = key = "FunctionName"
    replaced_by = ("PackageType",)
    attributes: ClassVar = {"Arn": "{FunctionArn}"}

    def make(self) -> None:
        """Create it."""
        code = {"Code": _code(self.properties["Code"])}
        self.call(self.calls[1], {**self.properties, **code, **self.named})

    def change(self, old: Properties) -> None:
        """Update its code, its configuration and its tags, whichever differ."""
        new = self.properties
        if new["Code"] != old["Code"] or new.get("Architectures") != old.get("Architectures"):
            architectures = {"Architectures": new.get("Architectures", ["x86_64"])}
            self.call("update_function_code", {**_code(new["Code"]), **architectures, **self.identity})
        beside = ("Code", "Tags", "Architectures")
        if _without(new, beside) != _without(old, beside):
            self.call("update_function_configuration", {**new, **self.identity})
        if new.get("Tags") != old.get("Tags"):
            self.call("tag_resource", {"Resource": self.facts["FunctionArn"], "Tags": new.get("Tags", [])})


def _without(properties: Properties, names: tuple[str, ...]) -> Properties:
    return {name: value for name, value in properties.items() if name not in names}


def _code(given: dict[str, Any]) -> dict[str, Any]:
    """Return the code as the API takes it: CloudFormation's ZipFile is text, the API's a zip."""
    if "ZipFile" not in given:
        return given
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(INLINE_FILE, given["ZipFile"])
    return {"ZipFile": packed.getvalue()}
