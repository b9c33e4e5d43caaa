"""An alarm on a metric that nobody writes never rings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chalicelib.common import telemetry
from chalicelib.steps.tell import measure
from statemachine import template

RESOURCES = template.load(Path(__file__).parents[2] / "statemachine" / "template.yaml")["Resources"]
ALARMS = {
    name: item["Properties"] for name, item in RESOURCES.items() if item["Type"] == "AWS::CloudWatch::Alarm"
}
OURS = {name: alarm for name, alarm in ALARMS.items() if alarm["Namespace"] == telemetry.NAMESPACE}

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)
MOMENTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("explained", {"look": {"explain": "stuck"}}),
    ("explained", {"look": {"explain": "near-deadline"}}),
    ("failed", {}),
)
"""What the functions measure without dimensions of its own, by occasion: see chalicelib/steps/tell.py."""


def written() -> set[tuple[str, tuple[str, ...], str]]:
    """Return each metric that the functions write: its name, its dimensions, and the service among them."""
    found = set()
    for occasion, state in MOMENTS:
        measure(occasion, state, AT)
        blob: dict[str, Any] = dict(telemetry.metrics.serialize_metric_set())
        telemetry.metrics.clear_metrics()
        for directive in blob["_aws"]["CloudWatchMetrics"]:
            for dimensions in directive["Dimensions"]:
                found |= {
                    (metric["Name"], tuple(dimensions), blob["service"]) for metric in directive["Metrics"]
                }
    return found


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_alarm_watches_a_metric_as_the_functions_write_it(name: str) -> None:
    """CloudWatch takes the same metric with other dimensions for another metric."""
    alarm = OURS[name]
    (dimension,) = alarm["Dimensions"]
    assert dimension == {"Name": "service", "Value": {"Fn::Sub": "${AppName}-${Stage}"}}
    assert (alarm["MetricName"], ("service",), telemetry.SERVICE) in written()


def test_each_stage_writes_metrics_of_its_own() -> None:
    """Two stages that shared a service name would share their alarms."""
    config = json.loads((Path(__file__).parents[2] / ".chalice" / "config.json").read_text(encoding="utf-8"))
    for stage, settings in config["stages"].items():
        name = settings["environment_variables"]["POWERTOOLS_SERVICE_NAME"]
        assert name == f"{config['app_name']}-{stage}"


@pytest.mark.parametrize("name", sorted(ALARMS))
def test_each_alarm_tells_the_topic_and_rests_while_nothing_happens(name: str) -> None:
    """Most metrics have no data points while no instance is drained, which is no reason for an alarm."""
    assert ALARMS[name]["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    assert ALARMS[name]["TreatMissingData"] == "notBreaching"
    assert ALARMS[name]["AlarmDescription"].endswith(".")


def test_every_way_for_a_drain_to_end_badly_has_an_alarm() -> None:
    watched = {alarm["MetricName"] for alarm in ALARMS.values()}
    assert watched >= {
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ApproximateNumberOfMessagesVisible",
    }


def test_every_alarm_has_its_row_in_the_operations_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    names = {alarm["AlarmName"]["Fn::Sub"].removeprefix("${AppName}-${Stage}-") for alarm in ALARMS.values()}
    assert names
    assert [name for name in names if f"| `{name}` |" not in page] == []
