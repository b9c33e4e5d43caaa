"""The picture of a definition: the same each time, and held to the documents."""

from __future__ import annotations

from typing import Any

import pytest

from statemachine.picture import mermaid, with_picture, words_of
from tests.definition import a_jsonata_machine
from tests.definition.a_machine import GOOD

PICTURE = """\
flowchart TD
  s0["List the tasks"]
  s1{"Is any task left?"}
  s2(["Wait a little"])
  s3["Tell"]
  s4(["Done"])
  s5(["Not listed"])
  s0 --> s1
  s0 -.->|"any error"| s5
  s1 -->|"tasks.count = 0"| s3
  s1 -->|"otherwise"| s2
  s2 --> s0
  s3 --> s4
  s3 -.->|"any error"| s5
"""


def test_states_are_boxes_and_transitions_arrows() -> None:
    assert mermaid(GOOD) == PICTURE


def test_the_states_within_a_map_stand_in_a_frame_of_their_own() -> None:
    within = {"StartAt": "Greet", "States": {"Greet": {"Type": "Pass", "End": True}}}
    definition = {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "ItemProcessor": within, "End": True}},
    }
    assert mermaid(definition).splitlines()[1:] == [
        '  s0[["Each"]]',
        '  subgraph s0_0["Each: each item"]',
        '    s1["Greet"]',
        "  end",
        "  s0 --- s1",
    ]


def test_a_machine_in_jsonata_is_drawn_alike() -> None:
    drawn = mermaid(a_jsonata_machine.GOOD)
    assert '  s1 -->|"look.holding = 0"| s5' in drawn
    assert '  s2 -.->|"States.Timeout, States.HeartbeatTimeout"| s3' in drawn
    assert '  subgraph s4_0["Stop the tasks: each item"]' in drawn


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"Variable": "$.name", "StringEquals": "World"}, 'name = "World"'),
        ({"Variable": "$.at", "TimestampGreaterThanEqualsPath": "$.deadline"}, "at ≥ deadline"),
        ({"Not": {"Variable": "$.ok", "BooleanEquals": True}}, "not ok = true"),
        ({"Variable": "$.cause", "StringMatches": "*gone*"}, 'cause ~ "*gone*"'),
        (
            {"And": [{"Variable": "$.a", "IsPresent": False}, {"Variable": "$.b", "IsNull": True}]},
            "a is not present and b is null",
        ),
        ({"Variable": "$.a"}, "?"),
        ({"Condition": "{% $look.verdict = 'no $money' %}"}, 'look.verdict = "no $money"'),
        (
            {"Condition": "{% $action != null and $open.action = null %}"},
            "action is not null and open.action is null",
        ),
        (
            {"Condition": "{% $exists($look.at) and $not($exists($look.to)) %}"},
            "look.at is present and look.to is not present",
        ),
        (
            {"Condition": "{% $not($look.over) and $count($slots) >= 2 %}"},
            "not look.over and $count(slots) ≥ 2",
        ),
        ({"Condition": "{% $toMillis($look.at) < $toMillis($until) %}"}, "look.at < until"),
        ({"Condition": "{% $states.input.verdict in ['a',\n 'b'] %}"}, 'verdict in ["a", "b"]'),
        ({"Condition": "{% $a = 1 and $b = 2 %}", "Comment": "Nobody waits."}, "Nobody waits"),
    ],
)
def test_a_rule_is_said_in_words(rule: dict[str, Any], words: str) -> None:
    assert words_of(rule) == words


def test_a_document_is_written_once_and_then_stands() -> None:
    page = "Before.\n\n<!-- picture of good.asl.json -->\n<!-- end of picture -->\n\nAfter.\n"
    text = with_picture(page, "good.asl.json", mermaid(GOOD))
    assert text.startswith("Before.\n")
    assert text.endswith("\nAfter.\n")
    assert f"```mermaid\n{PICTURE}```\n" in text
    assert with_picture(text, "good.asl.json", mermaid(GOOD)) == text


def test_a_document_without_a_place_says_what_to_add() -> None:
    with pytest.raises(ValueError, match="add the lines <!-- picture of good"):
        with_picture("No place.", "good.asl.json", PICTURE)
