"""The body of an answer is what moto makes of it, though XML is written straight."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
import xmltodict  # type: ignore[import-untyped]  # ships no types
from moto.core.responses import BaseResponse

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from embedded_aws.requests import bodies

REFUSED = (
    {"A": 1.5},
    {"A": ("b",)},
    {"A-B": "c"},
    {"A": {"#text": "b", "@c": "d"}},
    {"A": OrderedDict(B="c")},
)


def by_xmltodict(tree: Any) -> Any:
    """Return what moto's serializer has written of it."""
    return xmltodict.unparse(tree, full_document=False, short_empty_elements=True)


@pytest.mark.parametrize(
    "tree",
    [
        {
            "R": {
                "@xmlns": 'http://a/"b"&c',
                "Name": "<a> & 'b' \"c\" é\r\n\t",
                "Count": 7,
                "On": True,
                "Off": False,
            }
        },
        {"R": {"Empty": "", "None": None, "No": {}, "Nothing": [], "Blank": " "}, "S": None},
        {
            "R": {
                "Groups": {
                    "member": [{"Name": "a"}, {}, None, "b", 1, False, {"@xmlns": "u", "Deep": ["c", "d"]}]
                }
            }
        },
    ],
)
def test_xml_is_what_xmltodict_writes(tree: dict[str, Any]) -> None:
    """Signs that are escaped, empty elements of every kind, lists in lists of dictionaries, a name space."""
    assert bodies.xml_of(tree) == by_xmltodict(tree)


@pytest.mark.parametrize("tree", REFUSED)
def test_what_is_unusual_is_left_to_xmltodict(tree: dict[str, Any]) -> None:
    """Numbers with a point, other lists and dictionaries, names that need a look, attributes."""
    with pytest.raises(bodies.UnusualError):
        bodies.xml_of(tree)


def test_a_group_is_read_as_it_was_made() -> None:
    """A text with every sign that XML has a use for comes back from Auto Scaling as it went in."""
    said = "<b> & \"c\" 'd' é"
    with embedded_aws():
        scaling, name = client("autoscaling"), {"AutoScalingGroupName": "web"}
        client("ec2").create_launch_template(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-12c6146b"}
        )
        scaling.create_auto_scaling_group(
            LaunchTemplate={"LaunchTemplateName": "web"},
            MinSize=0,
            MaxSize=1,
            AvailabilityZones=["eu-west-1a"],
            **name,
        )
        scaling.create_or_update_tags(
            Tags=[
                {
                    "ResourceId": "web",
                    "ResourceType": "auto-scaling-group",
                    "Key": "k",
                    "Value": said,
                    "PropagateAtLaunch": True,
                }
            ]
        )
        (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["Tags"][0]["Value"] == said


@pytest.mark.parametrize(
    "body", ["{}", "<A><RequestId>b</RequestId></A>", "<A><RequestId></RequestId></A>", b"<A/>", ""]
)
def test_an_answer_gets_one_request_id(body: Any) -> None:
    """In its headers always, and in its body where that has a place for it."""
    bodies.install()
    headers, enriched = BaseResponse._enrich_response({"status": 200}, body)
    said = headers["x-amzn-requestid"]
    assert (headers["status"], len(said)) == ("200", 52)
    has_place = isinstance(body, str) and "<RequestId>" in body
    assert enriched == (f"<A><RequestId>{said}</RequestId></A>" if has_place else body)
