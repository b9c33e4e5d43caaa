"""What the documents show is made by commands, and must still be what the commands make."""

from __future__ import annotations

import re

from cli.whereabouts import ROOT
from docs import promises
from docs.generate import (
    bring_up_to_date,
    embedded_aws,
    fleet,
    open_questions,
    page_of_settings,
    settings,
    state_machine,
    what_promises_rest_on,
)


def test_the_readmes_settings_are_those_that_are_parsed() -> None:
    assert bring_up_to_date(settings, check=True), "run `make docs`"
    assert bring_up_to_date(page_of_settings, check=True), "run `make docs`"


def test_the_fleet_that_is_shown_is_the_one_whose_transcript_is_approved() -> None:
    assert bring_up_to_date(fleet, check=True), "run `make docs`"


def test_the_pictures_are_those_of_the_definitions() -> None:
    assert bring_up_to_date(state_machine, check=True), "run `make docs`"


def test_the_open_questions_are_those_that_a_first_run_asks() -> None:
    assert bring_up_to_date(open_questions, check=True), "run `make docs`"


def test_each_promise_rests_on_something_that_exists() -> None:
    assert list(promises.faults()) == []
    assert bring_up_to_date(what_promises_rest_on, check=True), "run `make docs`"


def test_the_table_of_recordings_is_that_of_the_facts() -> None:
    """Whether each fact agrees is proved in `tests/conformance`."""
    assert bring_up_to_date(embedded_aws, check=True), "run `make docs`"


def test_what_a_drain_costs_is_said_alike_wherever_it_is_said() -> None:
    """The README rounds what `docs/benchmarks.md` measured; the FAQ quotes it, and what the demo came to."""
    pages = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/faq.md")}
    measured = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    a_thousand = re.findall(r"^\| cost of 1,000 drains \| \$([0-9.]+) ", measured, re.MULTILINE)
    (demo,) = re.findall(
        r"cost at list price +\$([0-9.]+)", (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
    )
    assert "A thousand ordinary drains cost [less than a dollar](docs/benchmarks.md)" in pages["README.md"]
    assert all(float(each) < 1 for each in (a_thousand[0], 1_000 * float(demo)))
    assert f"cost ${a_thousand[0]} at list price ([measured](benchmarks.md))" in pages["docs/faq.md"]
    assert f"as in [`make demo`](demo.md), ${demo}." in pages["docs/faq.md"]
