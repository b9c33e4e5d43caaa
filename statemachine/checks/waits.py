"""States that wait, fail or fan out: what only they can get wrong."""

from __future__ import annotations

from collections.abc import Iterator

from statemachine.checks.finding import MISSING, Finding
from statemachine.checks.machine import Scope, State
from statemachine.checks.wording import strings_of

INLINE_CONCURRENCY = 40
"""Most items of an inline Map that run at once: developer guide, "Using Map state in Inline mode"."""


def check_fail(state: State) -> Iterator[Finding]:
    """Yield a Fail that doesn't say what failed and why: whoever is woken by it has nothing else to read."""
    for field in ("Error", "Cause") if state.type == "Fail" else ():
        allowed = (field,) if state.jsonata else (field, f"{field}Path")
        given = [each for each in allowed if each in state.body]
        if len(given) != 1:
            remedy = f"keep one of {' and '.join(allowed)}" if given else "say it"
            yield state.finding(field, given or MISSING, f"exactly one of {', '.join(allowed)}", remedy)


def check_map(state: State) -> Iterator[Finding]:
    """Yield an inline Map without a bound on how many items run at once, or with one that AWS ignores."""
    if state.type != "Map":
        return
    processor = state.body.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
    inline = not isinstance(config, dict) or config.get("Mode", "INLINE") == "INLINE"
    most = state.body.get("MaxConcurrency", MISSING)
    if "MaxConcurrencyPath" not in state.body and (most is MISSING or most == 0):
        yield state.finding(
            "MaxConcurrency", most, "how many items run at once", "name a bound that the callee bears"
        )
    elif inline and isinstance(most, int) and most > INLINE_CONCURRENCY:
        expected = f"at most {INLINE_CONCURRENCY} for an inline Map"
        yield state.finding("MaxConcurrency", most, expected, "lower it, or use Mode DISTRIBUTED")


def check_no_pass(state: State) -> Iterator[Finding]:
    """Yield a Pass: where there are variables, data moves in the Assign of the state before."""
    if state.type == "Pass":
        remedy = "assign on the state, the Choice rule or the Catch that leads here"
        yield state.finding("Type", "Pass", "no state that only moves data", remedy)


def check_language(owner: State | Scope) -> Iterator[Finding]:
    """Yield another query language than the machine's own: a reader should need one."""
    own = "JSONata" if isinstance(owner, State) and owner.jsonata else "JSONPath"
    if owner.body.get("QueryLanguage", own) != own:
        expected = f'"{own}"' if isinstance(owner, State) else '"JSONPath" or "JSONata"'
        remedy = "keep to one language for the whole machine"
        yield owner.finding("QueryLanguage", owner.body["QueryLanguage"], expected, remedy)


def check_expressions(state: State) -> Iterator[Finding]:
    """Yield JSONata expressions in a JSONPath state, where they are sent as they stand."""
    for field, text in strings_of(state.own_fields):
        if field != "Comment" and text.startswith("{%"):
            yield state.finding(
                field, text, "a JSONPath or an intrinsic function", "write the path in a '.$' field"
            )
