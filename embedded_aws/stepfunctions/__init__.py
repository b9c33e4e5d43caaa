"""moto's own Step Functions interpreter, on the virtual clock and with AWS's manners.

Each module here corrects one subject of moto's and says what AWS does; `install()` puts all of them into place.
"""

from __future__ import annotations

from embedded_aws.stepfunctions import (
    aborting,
    branches,
    callbacks,
    casing,
    choices,
    clients,
    copies,
    errors,
    expected_types,
    expressions,
    frames,
    history,
    integrations,
    nested,
    parsing,
    programs,
    required,
    responses,
    states,
    tasks,
    unanswered,
    variables,
)
from embedded_aws.stepfunctions.backend import executions_of, find_execution
from embedded_aws.stepfunctions.behaviour import Behaviour, behaviour
from embedded_aws.stepfunctions.executions import Execution

__all__ = ["Behaviour", "Execution", "behaviour", "executions_of", "find_execution", "install"]

CORRECTIONS = (
    parsing,
    copies,
    expressions,
    expected_types,
    variables,
    frames,
    history,
    programs,
    states,
    choices,
    errors,
    branches,
    aborting,
    clients,
    tasks,
    casing,
    callbacks,
    integrations,
    unanswered,
    required,
    nested,
    responses,
)


def install() -> None:
    """Make moto's interpreter behave like AWS on `current().clock`; again is harmless."""
    for correction in CORRECTIONS:
        correction.install()
