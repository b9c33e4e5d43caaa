"""The counts in docs/proof.md are those that the code enumerates: of three scenarios here, of all where time allows."""

from __future__ import annotations

import pytest

from benchmarks.document import part
from proof import report
from proof.__main__ import IN_FULL, chosen
from proof.faults import Kind
from proof.outages import IN_WORDS, MINUTES, SCENARIOS
from proof.report import PATH, rows_of
from proof.trials import TWICE, plan, scenarios

THREE = ("three-service-tasks", "standalone-task-stopped-after-a-while", "a-drain-budget")
"""An ordinary drain, one that stops tasks and records heartbeats, and two that share a lease."""
TEXT = PATH.read_text(encoding="utf-8")


def enumerated() -> dict[str, tuple[str, ...]]:
    return {row[0]: row for row in rows_of(TEXT, "enumeration")}


def test_the_document_counts_every_scenario_that_is_crossed_with_faults() -> None:
    assert list(enumerated()) == scenarios(), "run `make proof PROOF=--write`"


@pytest.mark.parametrize("scenario", THREE)
def test_the_counts_of_three_scenarios_are_those_of_the_code(scenario: str) -> None:
    _, (row,) = report.enumeration([plan(scenario)])
    assert enumerated()[scenario] == row, "run `make proof PROOF=--write`"


@pytest.mark.slow
def test_the_counts_of_every_scenario_are_those_of_the_code() -> None:
    _, rows = report.enumeration(map(plan, scenarios()))
    assert list(enumerated().values()) == rows, "run `make proof PROOF=--write`"


@pytest.mark.parametrize("scenario", IN_FULL)
def test_the_scenarios_in_full_were_run_in_full(scenario: str) -> None:
    tried = {row[0]: row[1] for row in rows_of(TEXT, "faults by scenario")}
    trials = [each for each in chosen([plan(scenario)], sample=1, seed=0) if each.section != "outage"]
    assert tried[scenario] == str(len(trials)) == str(sum(plan(scenario).counts[1:]))


def test_every_fault_and_every_outage_has_its_row() -> None:
    kinds = {row[0] for row in rows_of(TEXT, "faults by kind")}
    assert {str(kind) for kind in Kind} | {TWICE, "lost", "doubled"} <= kinds
    outages = rows_of(TEXT, "outages")
    assert [row[0] for row in outages] == list(IN_WORDS.values())
    assert {cell.split()[-1] for row in outages for cell in row[1:]} == {str(len(SCENARIOS))}
    assert {len(row) for row in outages} == {1 + len(MINUTES)}


def test_the_drains_that_meet_outages_are_named_with_what_sets_them_apart() -> None:
    assert rows_of(TEXT, "scenarios of outages") == [(f"`{name}`", why) for name, why in SCENARIOS.items()]
    assert set(SCENARIOS) <= set(scenarios())
    assert f"Outages: the {len(SCENARIOS)} scenarios below." in part(TEXT, "scope")


def test_the_tables_agree_with_each_other_and_with_what_is_expected() -> None:
    """Every fault was tried in a scenario and at a service; what was not survived has its reason."""
    totals = [
        rows_of(TEXT, name)[-1] for name in ("faults by kind", "faults by service", "faults by scenario")
    ]
    assert len({total[1:] for total in totals}) == 1
    outages = [cell.split(" of ") for row in rows_of(TEXT, "outages") for cell in row[1:]]
    not_survived = int(totals[0][1]) - int(totals[0][2]) + sum(int(n) - int(m) for m, n in outages)
    assert not_survived == sum(int(row[1]) for row in rows_of(TEXT, "what can't be survived"))
