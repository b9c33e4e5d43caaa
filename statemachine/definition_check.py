"""Checks a state machine's definition before AWS sees it: `python -m statemachine.definition_check FILE…`.

Step Functions accepts many a definition that can only fail at run time: a misspelt parameter of a native
call, a retrier that nothing reaches, a Choice on a path that one route never wrote. Each rule here refuses
one such fault with a sentence that names state, field, value, what was expected and the remedy. The rules
read the definition and botocore's models; they call nobody.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from statemachine.checks import (
    choices,
    grammar,
    graph,
    guards,
    paths,
    queries,
    structure,
    tasks,
    variables,
    waits,
    wording,
)
from statemachine.checks.finding import Finding
from statemachine.checks.machine import (
    Body,
    Scope,
    State,
    all_states,
    machine_scope,
    objects,
    scopes_of,
    scopes_within,
    texts,
)

ROOT = Path(__file__).parent.parent
Found = Finding | grammar.Ungrammatical


def check(
    definition: Body, name: str, known_functions: set[str] | None = None, known_errors: set[str] | None = None
) -> list[str]:
    """Return a sentence for each fault of a definition, in the definition's order; nothing where it is good.

    `known_functions` are the functions' Python names, which `${PlanDrainFunctionArn}` and the like must match
    (None: any will do); `known_errors` the error classes that they raise (None: those of chalicelib.common.errors).
    """
    errors = (
        classes_in(ROOT / "chalicelib" / "common" / "errors.py") if known_errors is None else known_errors
    )
    return [finding.sentence(name) for finding in _findings(definition, known_functions, errors)]


def check_file(path: Path) -> list[str]:
    """Return the faults of a definition file, held against the functions and error classes beside it."""
    try:
        definition = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return [
            f"{path.name}: the file can't be read as JSON ({error}): mend it before anything else is checked."
        ]
    if not isinstance(definition, dict):
        return [f"{path.name}: the file holds no object: write the definition between braces."]
    beside = path.parent / "functions.py"
    if beside.exists():
        return check(definition, path.name, functions_in(beside), classes_in(beside))
    app = ROOT / "app.py"
    return check(definition, path.name, functions_in(app) if app.exists() else None)


def functions_in(module: Path) -> set[str]:
    """Return the names of a module's public functions, without running it."""
    return {
        each.name for each in _top_level(module) if isinstance(each, ast.FunctionDef) and each.name[0] != "_"
    }


def classes_in(module: Path) -> set[str]:
    """Return the names of a module's classes, without running it; none where there is no such module."""
    return {each.name for each in _top_level(module) if isinstance(each, ast.ClassDef)}


def _top_level(module: Path) -> list[ast.stmt]:
    return ast.parse(module.read_text(encoding="utf-8")).body if module.exists() else []


def _findings(definition: Body, functions: set[str] | None, errors: set[str]) -> Iterator[Found]:
    scopes = scopes_of(definition)
    unreadable = [found for scope in scopes for found in structure.check_structure(scope)]
    if unreadable:
        yield from unreadable
        return
    yield from wording.check_theory(scopes[0])
    if definition.get("QueryLanguage") == "JSONata":
        yield from _jsonata_findings(definition, functions, errors)
        return
    yield from waits.check_language(scopes[0])
    yield from _grammar_and_ends(definition)
    ours = errors | _raised_within(definition)
    for state in all_states(definition):
        yield from _check_state(state, functions, ours)
    yield from guards.check_guards(machine_scope(definition))


def _grammar_and_ends(definition: Body) -> Iterator[Found]:
    ungrammatical = list(grammar.check_grammar(definition))
    yield from ungrammatical
    for scope in () if ungrammatical else scopes_of(definition):
        yield from graph.check_ends(scope)


def _jsonata_findings(definition: Body, functions: set[str] | None, errors: set[str]) -> Iterator[Found]:
    machine = machine_scope(definition)
    yield from _grammar_and_ends(definition)
    yield from _jsonata_states(machine, functions, errors | _raised_within(definition), caught_around=False)
    yield from variables.check_names(machine)
    yield from variables.check_variables(machine)


def _jsonata_states(
    scope: Scope, functions: set[str] | None, ours: set[str], *, caught_around: bool
) -> Iterator[Finding]:
    for state in scope.states.values():
        yield from wording.check_name(state)
        yield from wording.check_comment(state)
        for rule in (
            waits.check_language,
            waits.check_no_pass,
            choices.check_default,
            queries.check_queries,
            queries.check_keys,
            tasks.check_task,
            waits.check_fail,
            waits.check_map,
        ):
            yield from rule(state)
        yield from tasks.check_retries(state, ours, caught_around=caught_around)
        yield from tasks.check_query_errors(state, caught_around=caught_around)
        yield from wording.check_substitutions(state, functions)
        caught = any(
            "States.ALL" in texts(each.get("ErrorEquals")) for each in objects(state.body.get("Catch"))
        )
        for inner in scopes_within(state):
            yield from _jsonata_states(inner, functions, ours, caught_around=caught)


def _check_state(state: State, functions: set[str] | None, ours: set[str]) -> Iterator[Finding]:
    yield from wording.check_name(state)
    yield from wording.check_comment(state)
    yield from waits.check_language(state)
    for rule in (
        paths.check_paths,
        choices.check_choice,
        tasks.check_task,
        waits.check_fail,
    ):
        yield from rule(state)
    yield from waits.check_map(state)
    yield from waits.check_expressions(state)
    yield from tasks.check_retries(state, ours)
    yield from wording.check_substitutions(state, functions)


def _raised_within(definition: Body) -> set[str]:
    """Return the Errors of the Fail states: a Map or Parallel around them can catch these by name."""
    raised: list[Any] = [state.body.get("Error") for state in all_states(definition) if state.type == "Fail"]
    return {error for error in raised if isinstance(error, str)}


def main(arguments: list[str]) -> int:
    """Print the faults of the named files; return 1 where there are any, 2 where no file was named."""
    if not arguments:
        print("usage: python -m statemachine.definition_check FILE…", file=sys.stderr)
        return 2
    sentences = [sentence for argument in arguments for sentence in check_file(Path(argument))]
    print("\n".join(sentences) if sentences else f"{len(arguments)} checked, nothing to say")
    return 1 if sentences else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
