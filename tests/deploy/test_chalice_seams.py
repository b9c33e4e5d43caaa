"""The extension hangs on methods of Chalice that nobody promised to keep: a Chalice that moves one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chalice.deploy.planner import PlanStage

from statemachine import extension
from statemachine.graph import CloudFormationStack
from statemachine.refusal import DeploymentRefused


@pytest.fixture
def untouched_chalice() -> Iterator[None]:
    """Chalice as it was before `install()`, whatever ran before, and again as it was afterwards."""
    seams = [*extension.ADDED, *extension.WRAPPED]
    found = {seam: vars(seam[0]).get(seam[1]) for seam in seams}
    for owner, name in extension.ADDED:
        if name in vars(owner):
            delattr(owner, name)
    for owner, name in extension.WRAPPED:
        setattr(owner, name, getattr(getattr(owner, name), "__wrapped__", getattr(owner, name)))
    yield
    for (owner, name), method in found.items():
        if method is not None:
            setattr(owner, name, method)
        elif name in vars(owner):
            delattr(owner, name)


def test_this_chalice_has_every_seam_where_it_is_expected() -> None:
    assert list(extension.moved_seams()) == []


@pytest.mark.usefixtures("untouched_chalice")
def test_a_chalice_that_moved_a_seam_is_refused_before_anything_is_patched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class AnotherPlanStage:
        def execute(self, graph: Any) -> None:
            """Plan in some other way."""

    moved = {(AnotherPlanStage, "execute"): ("self", "resources"), (AnotherPlanStage, "_plan"): ("self",)}
    monkeypatch.setattr(extension, "RELIED_UPON", moved)
    with pytest.raises(DeploymentRefused) as refusal:
        extension.install()
    sentences = refusal.value.message
    assert "does not fit Chalice 1." in sentences
    assert "AnotherPlanStage.execute takes (self, graph) and not (self, resources)." in sentences
    assert "AnotherPlanStage._plan is gone." in sentences
    assert "requirements.lock" in sentences
    assert not hasattr(PlanStage, "_plan_cloudformationstack")


@pytest.mark.usefixtures("untouched_chalice")
def test_installing_twice_wraps_once() -> None:
    for _ in range(2):
        extension.install()
    for owner, name in extension.WRAPPED:
        assert not hasattr(getattr(owner, name).__wrapped__, "__wrapped__"), name


def test_what_is_added_is_named_as_chalice_looks_it_up() -> None:
    """Chalice looks its stages' methods up by class name, its sweeper's and reporter's by the recorded type."""
    by_class, by_type = CloudFormationStack.__name__.lower(), CloudFormationStack.resource_type
    looked_up = {
        f"handle_{by_class}",
        f"_plan_{by_class}",
        f"_generate_{by_class}",
        f"_delete_{by_type}",
        f"_report_{by_type}",
    }
    assert looked_up <= {name for _, name in extension.ADDED}


@pytest.mark.usefixtures("untouched_chalice")
def test_nothing_of_chalices_own_is_overwritten_by_what_is_added() -> None:
    assert [name for owner, name in extension.ADDED if hasattr(owner, name)] == []


@pytest.mark.usefixtures("untouched_chalice")
def test_a_chalice_that_connects_rules_in_another_way_is_refused() -> None:
    """Else the rules would lose their dead-letter queue, and nobody would notice."""
    plan_event_rule = extension.WRAPPED[PlanStage, "_create_cloudwatchevent"]
    with pytest.raises(DeploymentRefused, match="connects event rules in a new way"):
        plan_event_rule(lambda *_: [], None, None)
