"""A file for each Lambda, which it is named after: read the state, ask a gateway, decide in a pure function, answer.

None reads a clock: instants come from the machine's context object, so that a replay decides the same. What comes from
outside of any execution gets its instant from app.py.
"""

from chalicelib.steps import (
    compose_notice,
    explain,
    look,
    plan_drain,
    plan_fleet,
    reconcile,
    return_to_service,
    sign_off,
    start_drain,
    start_manual_drain,
    stop_tasks,
    tell,
    wake,
)

__all__ = [
    "compose_notice",
    "explain",
    "look",
    "plan_drain",
    "plan_fleet",
    "reconcile",
    "return_to_service",
    "sign_off",
    "start_drain",
    "start_manual_drain",
    "stop_tasks",
    "tell",
    "wake",
]
