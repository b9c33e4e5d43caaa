"""What the documents show is made by commands, and must still be what the commands make."""

from __future__ import annotations

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
