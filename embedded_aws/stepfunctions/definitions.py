"""What Step Functions says of a definition that it refuses: codes, sentences and places.

moto's parser refuses less, and in its own words. Sources: API reference, ValidateStateMachineDefinitionDiagnostic
(the codes); sentences recorded on 2023-08-04, 2023-12-11, 2025-02-02 and 2025-10-19. Of missing targets and end
states people tell (localstack issue 11978, floci pull request 2786): each says `Next`, whatever the field, and
where no state ends the workflow, unreachable ones aren't told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from embedded_aws.stepfunctions.choices import timestamp_of

SCHEMA, TARGET, END = "SCHEMA_VALIDATION_FAILED", "MISSING_TRANSITION_TARGET", "MISSING_END_STATE"
TYPES = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")
TEMPLATES = ("Parameters", "ResultSelector", "ItemSelector")
UNRECOGNISED = re.compile(r"The resource provided (\S+) not recognized")

Json = dict[str, Any]


class Fault(NamedTuple):
    """One thing that is wrong with a definition."""

    code: str
    message: str
    location: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" at {self.location}" if self.location else "")


def faults_of(definition: str) -> list[Fault]:
    """Return what is wrong with a definition, as far as it is told here rather than by moto's parser."""
    if not definition:
        return [Fault(SCHEMA, "Definition must be a valid JSON object")]
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [Fault("INVALID_JSON_DESCRIPTION", str(error))]
    if not isinstance(machine, dict):
        return [Fault(SCHEMA, "Definition must be a valid JSON object")]
    return list(_faults_of_scope(machine, "", machine.get("QueryLanguage", "JSONPath")))


def fault_of_parser(error: Exception, definition: str) -> Fault:
    """Return what moto's parser says, in AWS's words where they are known."""
    found = UNRECOGNISED.search(str(error))
    if not found:
        return Fault(SCHEMA, str(error))
    message = (
        f"The resource provided {found[1]} is not recognized. The value is not a valid resource ARN, "
        "or the resource is not available in this region."
    )
    states = _states(json.loads(definition), "")
    at = (f"{place}/Resource" for place, state in states if state.get("Resource") == found[1])
    return Fault(SCHEMA, message, next(at, None))


def _states(scope: Json, place: str) -> Iterator[tuple[str, Json]]:
    """Yield every state and where it stands, those of Maps and Parallels too."""
    for name, state in scope.get("States", {}).items():
        if isinstance(state, dict):
            yield f"{place}/States/{name}", state
            for inner, within in _scopes(state, f"{place}/States/{name}"):
                yield from _states(inner, within)


def _scopes(state: Json, place: str) -> Iterator[tuple[Json, str]]:
    """Yield the workflows within a state."""
    for field in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(field), dict):
            yield state[field], f"{place}/{field}"
    for number, branch in enumerate(state.get("Branches") or []):
        if isinstance(branch, dict):
            yield branch, f"{place}/Branches[{number}]"


def _faults_of_scope(scope: Json, place: str, language: str) -> Iterator[Fault]:
    missing = [name for name in ("States", "StartAt") if name not in scope]
    if missing:
        yield Fault(SCHEMA, f"These fields are required: [{', '.join(missing)}]", place or "/")
        return
    states = scope["States"]
    if not isinstance(states, dict) or not all(isinstance(state, dict) for state in states.values()):
        return  # moto's parser says it
    for name, state in states.items():
        yield from _faults_of_state(state, f"{place}/States/{name}", language)
    yield from _faults_of_transitions(scope["StartAt"], states, place)


def _faults_of_state(state: Json, place: str, language: str) -> Iterator[Fault]:
    if "Type" not in state:
        yield Fault(SCHEMA, "These fields are required: [Type]", place)
    elif state["Type"] not in TYPES:
        message = f"The field 'Type' should have one of these values: [{', '.join(TYPES)}]"
        yield Fault(SCHEMA, message, f"{place}/Type")
    own = state.get("QueryLanguage", language)
    if (language, own) == ("JSONata", "JSONPath"):
        message = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"
        yield Fault(SCHEMA, message, place)
    if own == "JSONPath":
        yield from _faults_of_paths(state, place)
    for scope, within in _scopes(state, place):
        yield from _faults_of_scope(scope, within, language)


def _faults_of_paths(state: Json, place: str) -> Iterator[Fault]:
    at = state.get("Timestamp")
    if state.get("Type") == "Wait" and at is not None and timestamp_of(at) is None:
        yield Fault(SCHEMA, "String does not match RFC3339 timestamp", f"{place}/Timestamp")
    for field in TEMPLATES:
        for name, value in _members(state.get(field)):
            if name.endswith(".$") and not _is_read(value):
                told = f"The value for the field '{name}' must be a valid JSONPath"
                message = f"{told} or a valid intrinsic function call"
                yield Fault(SCHEMA, message, f"{place}/{field}")


def _members(template: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(template, dict):
        yield from template.items()
    inner = template.values() if isinstance(template, dict) else template
    for each in inner if isinstance(template, (dict, list)) else ():
        yield from _members(each)


def _is_read(value: Any) -> bool:
    """Tell whether a value can be a path or an intrinsic; in one, only its four own characters may be escaped."""
    if not isinstance(value, str):
        return False
    if value.startswith("$"):
        return True
    return value.startswith("States.") and not re.search(r"\\[^'{}\\]", value.replace("\\\\", ""))


def _faults_of_transitions(start: Any, states: dict[str, Json], place: str) -> Iterator[Fault]:
    targets = {name: list(_targets(state, f"{place}/States/{name}")) for name, state in states.items()}
    for target, at in [(start, f"{place}/StartAt"), *(each for to in targets.values() for each in to)]:
        if target not in states:
            yield Fault(TARGET, f"Missing 'Next' target: {target}", at)
    if not any(state.get("End") or state.get("Type") in ("Succeed", "Fail") for state in states.values()):
        yield Fault(END, "Workflow has no terminal state")
        return
    for name in states:
        if name not in _reached(start, targets):
            yield Fault(TARGET, f'State "{name}" is not reachable.', f"{place}/States/{name}")


def _targets(state: Json, place: str) -> Iterator[tuple[Any, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield state[field], f"{place}/{field}"
    for field in ("Choices", "Catch"):
        for number, rule in enumerate(state.get(field) or []):
            if isinstance(rule, dict) and "Next" in rule:
                yield rule["Next"], f"{place}/{field}[{number}]/Next"


def _reached(start: Any, targets: dict[str, list[tuple[Any, str]]]) -> set[Any]:
    reached, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(target for target, _ in targets.get(name, []))
    return reached
