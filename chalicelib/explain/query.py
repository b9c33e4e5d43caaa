"""The cluster query language, as far as a memberOf constraint can be judged by a described instance.

Grammar: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
Answers are three-valued: what can't be judged here (`task:group`, a form this reader doesn't know) is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from chalicelib.common.model import ContainerInstance

Verdict = bool | None

TOKEN = re.compile(
    r"""\s*(?:(&&|\|\||==|!=|>=|<=|=~|!~|!in\b|!exists\b|[()\[\],<>!])|'([^']*)'|"([^"]*)"|([^\s()\[\],'"]+))"""
)

OPERATORS = {
    "==": "equals",
    "!=": "not_equals",
    ">": "greater_than",
    ">=": "greater_than_equal",
    "<": "less_than",
    "<=": "less_than_equal",
    "=~": "matches",
    "!~": "not_matches",
    "!in": "not_in",
    "!exists": "not_exists",
}

NEGATIONS = {"not_equals": "equals", "not_matches": "matches", "not_in": "in", "not_exists": "exists"}

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "greater_than": lambda left, right: left > right,
    "greater_than_equal": lambda left, right: left >= right,
    "less_than": lambda left, right: left < right,
    "less_than_equal": lambda left, right: left <= right,
}


class UnreadableError(Exception):
    """The expression isn't of the grammar above."""


def satisfies(expression: str, instance: ContainerInstance) -> Verdict:
    """Say whether a container instance satisfies an expression; None where that can't be told."""
    try:
        reader = _Reader(_tokens(expression), instance)
        verdict = reader.either()
        return verdict if reader.at_end else None
    except UnreadableError:
        return None


def _tokens(expression: str) -> list[str]:
    found: list[str] = []
    rest = _spaced(expression.strip())
    while rest:
        token = TOKEN.match(rest)
        if token is None:
            raise UnreadableError(expression)
        found.append(next(part for part in token.groups() if part is not None))
        rest = rest[token.end() :].lstrip()
    return found


def _spaced(expression: str) -> str:
    # `ec2InstanceId==i-0abc` is in use without spaces; a word would swallow the operator.
    return re.sub(r"(==|!=|>=|<=|=~|!~|&&|\|\|)", r" \1 ", expression)


class _Reader:
    """Judges an expression while reading it, by recursive descent."""

    def __init__(self, tokens: list[str], instance: ContainerInstance) -> None:
        self._tokens = tokens
        self._instance = instance

    @property
    def at_end(self) -> bool:
        return not self._tokens

    def either(self) -> Verdict:
        verdict = self.both()
        while self._took("||", "or"):
            verdict = _either(verdict, self.both())
        return verdict

    def both(self) -> Verdict:
        verdict = self.one()
        while self._took("&&", "and"):
            verdict = _both(verdict, self.one())
        return verdict

    def one(self) -> Verdict:
        if self._took("!", "not"):
            return _not(self.one())
        if self._took("("):
            verdict = self.either()
            self._demand(")")
            return verdict
        return self._judged(self._next(), self._operator())

    def _judged(self, subject: str, operator: str) -> Verdict:
        arguments = [] if operator in {"exists", "not_exists"} else self._arguments()
        if operator in NEGATIONS:
            return _not(_judge(_value(subject, self._instance), NEGATIONS[operator], arguments))
        return _judge(_value(subject, self._instance), operator, arguments)

    def _operator(self) -> str:
        token = self._next()
        return OPERATORS.get(token, token)

    def _arguments(self) -> list[str]:
        if not self._took("["):
            return [self._next()]
        arguments = [self._next()]
        while self._took(","):
            arguments.append(self._next())
        self._demand("]")
        return arguments

    def _next(self) -> str:
        if not self._tokens:
            raise UnreadableError("the expression ends too early")
        return self._tokens.pop(0)

    def _took(self, *words: str) -> bool:
        if self._tokens and self._tokens[0] in words:
            self._tokens.pop(0)
            return True
        return False

    def _demand(self, token: str) -> None:
        if not self._took(token):
            raise UnreadableError(f"{token} is missing")


UNKNOWN = object()


def _value(subject: str, instance: ContainerInstance) -> object:
    """Return a subject's text, None for an attribute that is absent, UNKNOWN where nobody can tell."""
    if subject.startswith("attribute:"):
        return instance.attributes.get(subject.removeprefix("attribute:"))
    known = {
        "ec2InstanceId": instance.ec2_instance_id,
        "agentConnected": str(instance.agent_connected).lower(),
        "agentVersion": instance.agent_version or UNKNOWN,
        "runningTasksCount": str(instance.running_tasks),
    }
    return known.get(subject, UNKNOWN)


def _judge(value: object, operator: str, arguments: list[str]) -> Verdict:
    if value is UNKNOWN:
        return None
    if operator == "exists":
        return value is not None
    if value is None:
        return False
    text = str(value)
    if operator in {"equals", "in"}:
        return text in arguments
    if operator == "matches":
        return _matches(arguments[0], text)
    return _compared(operator, text, arguments[0])


def _matches(pattern: str, text: str) -> Verdict:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return None


def _compared(operator: str, left: str, right: str) -> Verdict:
    compare = COMPARISONS.get(operator)
    try:
        return None if compare is None else compare(float(left), float(right))
    except ValueError:
        return None


def _not(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def _both(left: Verdict, right: Verdict) -> Verdict:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _either(left: Verdict, right: Verdict) -> Verdict:
    if left or right:
        return True
    return None if left is None or right is None else False
