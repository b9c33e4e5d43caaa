"""Words: names that read as prose, one sentence a state, and substitutions that name something real."""

from __future__ import annotations

import re
from collections.abc import Iterator

from statemachine.checks.finding import MISSING, Finding, did_you_mean
from statemachine.checks.machine import Scope, State

LONGEST_NAME = 80
"""Characters of a state's name: Step Functions developer guide, service quotas."""

EXEMPTION = re.compile(r"\bNo (Catch|Retry|jitter): \S")
"""How a Comment excuses a missing Catch, Retry or jitter: "No Retry: the caller is waiting."."""

_SUBSTITUTION = re.compile(r"\$\{([^}]*)\}")
_FUNCTION_SUFFIX = "FunctionArn"
_PSEUDO_PARAMETERS = ("AWS::Partition", "AWS::Region", "AWS::AccountId")


def exempt(comment: object, from_what: str) -> bool:
    """Say whether a Comment excuses its state, with a reason, from having the named thing."""
    return from_what in EXEMPTION.findall(comment) if isinstance(comment, str) else False


def check_name(state: State) -> Iterator[Finding]:
    """Yield a name that is too long, a Choice that asks nothing, and another state that asks."""
    if len(state.name) > LONGEST_NAME:
        expected = f"at most {LONGEST_NAME} characters, not {len(state.name)}"
        yield state.finding("name", state.name, expected, "shorten it; the Comment has room for the rest")
    asks = state.name.endswith("?")
    if state.type == "Choice" and not asks:
        yield state.finding(
            "name", state.name, "a question that ends with '?'", "name a Choice for what it asks"
        )
    if state.type != "Choice" and "?" in state.name:
        yield state.finding("name", state.name, "a phrase without '?'", "leave questions to Choice states")


def check_theory(machine: Scope) -> Iterator[Finding]:
    """Yield a machine that doesn't say what it is for; it may take as many sentences as it needs."""
    if not machine.body.get("Comment"):
        expected = "what the machine is for"
        yield machine.finding("Comment", machine.body.get("Comment", MISSING), expected, "say it")


def check_comment(state: State) -> Iterator[Finding]:
    """Yield a Comment that is missing or isn't one sentence; exemptions, each with its reason, may follow."""
    comment = state.body.get("Comment", MISSING)
    sentence = EXEMPTION.split(comment)[0].strip() if isinstance(comment, str) else ""
    # A sentence ends once: a full stop before a space and a capital begins another.
    if not sentence.endswith(".") or re.search(r"[.!?]\s+[A-Z]", sentence):
        expected = "one sentence that ends with a full stop"
        yield state.finding("Comment", comment, expected, "say in one sentence what it is for")


def strings_of(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield (where, string) for every string within a JSON value, keys of objects excepted."""
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from strings_of(each, f"{at}.{key}" if at else str(key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from strings_of(each, f"{at}[{number}]")


def check_substitutions(state: State, known_functions: set[str] | None) -> Iterator[Finding]:
    """Yield the substitutions that can't be names, and those for functions that the app doesn't have."""
    known = (
        None if known_functions is None else {camel_case(each) + _FUNCTION_SUFFIX for each in known_functions}
    )
    for field, text in strings_of(state.own_fields):
        for token in _SUBSTITUTION.findall(text):
            if token not in _PSEUDO_PARAMETERS and not re.fullmatch(r"[A-Za-z]\w*", token):
                yield state.finding(
                    field, text, "a substitution such as ${NotificationTopicArn}", "write a plain name"
                )
            elif token.endswith(_FUNCTION_SUFFIX) and known is not None and token not in known:
                expected = "the ARN of a function that the app has"
                remedy = did_you_mean(
                    token, known, f"add the function, or use one of {', '.join(sorted(known))}"
                )
                yield state.finding(field, "${" + token + "}", expected, remedy)


def camel_case(function: str) -> str:
    """Return a function's name as the template's parameters spell it: plan_drain, plan-drain → PlanDrain."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_-]", function))
