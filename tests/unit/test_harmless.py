"""Strings from outside come out harmless: a terminal, a log, a mail and a page show them, and obey none of them.

A drain was started with a message of ESC, OSC (window title) and BEL bytes, and `show` printed them raw.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from chalicelib.common.errors import InvalidRequest
from chalicelib.common.telemetry import logger
from chalicelib.common.wording import HARMFUL, harmless, one_line
from chalicelib.events import parse_manual
from chalicelib.fleet.request import parse_fleet
from chalicelib.tell.bodies import Notice
from cli.desk import write
from cli.page.rendering import _environment
from cli.tables import columns, rich_table

INSTANCE = "i-0123456789abcdef0"
HOSTILE = {
    "an escape sequence": "red \x1b[31m",
    "a window title": "\x1b]0;owned\x07",
    "an 8-bit control sequence": "\x9b31m",
    "a carriage return that writes over the line": "bad\rgood",
    "a bell": "\x07",
    "a backspace": "no\x08yes",
    "text that turns around": "exe\u202egnp.cc",
    "an isolate": "\u2066admin\u2069",
    "an invisible space": "ad\u200bmin",
    "a line separator": "one\u2028INFO two",
    "an invisible tag": "a\U000e0041",
    "half a character": "\ud83d",
    "a byte order mark": "\ufeffx",
}


def on_a_terminal(text: str) -> str:
    out = io.StringIO()
    write(text, out)
    return out.getvalue()


def in_a_table(text: str) -> str:
    return columns(["why"], [[text]])


def in_a_table_of_a_terminal(text: str) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(rich_table(["why"], [[text]]))
    return out.getvalue()


def in_a_mail(text: str) -> str:
    told = Notice(f"ecs-drainer: {text}", text, {"reason": text}).to_state()
    return str(told["subject"]) + "".join(json.loads(told["message"]).values())


def in_a_log(text: str) -> str:
    record = logging.LogRecord("ecs-drainer", logging.WARNING, "app.py", 1, text, None, None)
    record.reason = text
    return logger.registered_formatter.format(record)


def on_the_page(text: str) -> str:
    return _environment().from_string("{{ text }}").render(text=text)


DOORS = [on_a_terminal, in_a_table, in_a_table_of_a_terminal, in_a_mail, in_a_log, on_the_page]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_it_is_spelt_out(text: str, door: Callable[[str], str]) -> None:
    shown = door(text)
    assert not HARMFUL.search(shown)
    assert text not in shown


@pytest.mark.parametrize("door", [in_a_table, in_a_log])
def test_it_can_not_pass_for_a_line_of_ours(door: Callable[[str], str]) -> None:
    assert "\nERROR" not in door("fine\nERROR the drain failed")


def test_a_subject_has_one_line() -> None:
    """SNS refuses line breaks and control characters: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
    assert Notice("ecs-drainer: a\nb", "", {}).to_state()["subject"] == "ecs-drainer: a b"


@given(st.text())
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text or HARMFUL.search(text)
    assert not HARMFUL.search(harmless(text))
    assert "\n" not in one_line(text)


def test_other_languages_are_left_alone() -> None:
    assert harmless("Grüße, 注意, été\tund\nmehr") == "Grüße, 注意, été\tund\nmehr"


@pytest.mark.parametrize("field", ["reason", "who"])
@pytest.mark.parametrize(
    "text",
    [text for text in HOSTILE.values() if HARMFUL.search(" ".join(text.split()))],
)
def test_a_request_with_it_is_refused(field: str, text: str) -> None:
    with pytest.raises(InvalidRequest, match=f"{field} of the request .*without control characters"):
        parse_manual({"instance_id": INSTANCE, field: text})
    with pytest.raises(InvalidRequest, match="without control characters"):
        parse_fleet({"instances": [INSTANCE], field: text})


def test_line_breaks_of_a_reason_are_spaces() -> None:
    assert parse_manual({"instance_id": INSTANCE, "reason": "kernel\n update "}).reason == "kernel update"
