"""The example that a module tests, in an embedded AWS of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from examples.catalogue import example_named
from examples.laboratory import Laboratory, laboratory


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    """The laboratory of the example that the test module names as EXAMPLE."""
    name: Any = request.module.EXAMPLE
    with laboratory(example_named(name)) as made:
        yield made
