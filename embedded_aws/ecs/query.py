"""The cluster query language: `ec2InstanceId in [i-1, i-2] && attribute:stack == prod`.

Grammar and subjects: ECS developer guide, cluster-query-language. `&&` binds more tightly than `||`. Used by
ListContainerInstances(filter=...) and by the memberOf placement constraint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import eq, ge, gt, le, lt
from typing import Any

from embedded_aws.ecs.errors import InvalidParameter
from embedded_aws.ecs.model import ContainerInstance

Test = Callable[[ContainerInstance], bool]
Values = Callable[[ContainerInstance], list[str]]

AGENT_VERSION = "1.90.0"
TOKEN = re.compile(r"\s*(&&|\|\||==|!=|>=|<=|=~|!~|[()\[\],<>]|!|'[^']*'|\"[^\"]*\"|[^\s()\[\],<>=!&|'\"]+)")
WORDS = {
    "and": "&&", "or": "||", "not": "!", "equals": "==", "not_equals": "! ==", "matches": "=~", "not_matches": "! =~",
    "greater_than": ">", "greater_than_equal": ">=", "less_than": "<", "less_than_equal": "<=", "not_in": "! in",
    "not_exists": "! exists", "!=": "! ==", "!~": "! =~",
}  # fmt: skip
SUBJECTS: dict[str, Values] = {
    "agentConnected": lambda instance: [str(instance.agent_connected).lower()],
    "agentVersion": lambda _: [AGENT_VERSION],
    "ec2InstanceId": lambda instance: [instance.ec2_instance_id],
    "registeredAt": lambda instance: [instance.registered_at.isoformat()],
    "runningTasksCount": lambda instance: [str(instance.running_tasks_count)],
    "task:group": lambda instance: [each.launch.group for each in instance.tasks.values() if each.is_live],
}
"""A container instance has many task groups, and one of the rest."""


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda value, wanted: compare(_comparable(value), _comparable(wanted))


def _comparable(text: str) -> tuple[float, str]:
    try:
        return float(text), ""
    except ValueError:
        return 0.0, text


COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "==": eq,
    "=~": lambda value, pattern: re.fullmatch(pattern, value) is not None,
    ">": _ordered(gt),
    ">=": _ordered(ge),
    "<": _ordered(lt),
    "<=": _ordered(le),
}


def compile_query(text: str) -> Test:
    """Compile an expression to a test of a container instance; raises InvalidParameter where it is malformed."""
    return _Parser(text).parse()


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.refusal = InvalidParameter(f"Invalid filter expression: {text}")
        self.tokens: list[str] = []
        for token in TOKEN.findall(text):
            self.tokens += WORDS[token].split() if token in WORDS else [token]
        if TOKEN.sub("", text).strip():
            raise self.refusal

    def parse(self) -> Test:
        test = self._either()
        if self.tokens:
            raise self.refusal
        return test

    def _next(self) -> str:
        if not self.tokens:
            raise self.refusal
        return self.tokens.pop(0)

    def _take(self, token: str) -> bool:
        return bool(self.tokens[:1] == [token] and self.tokens.pop(0))

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise self.refusal

    def _either(self) -> Test:
        return self._joined("||", self._both, any)

    def _both(self) -> Test:
        return self._joined("&&", self._one, all)

    def _joined(self, sign: str, part: Callable[[], Test], join: Callable[[Iterable[bool]], bool]) -> Test:
        tests = [part()]
        while self._take(sign):
            tests.append(part())
        return lambda instance: join(test(instance) for test in tests)

    def _one(self) -> Test:
        if self._take("!"):
            return _negated(self._one())
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        values = self._values(self._next())
        return _negated(self._condition(values)) if self._take("!") else self._condition(values)

    def _values(self, subject: str) -> Values:
        if subject.startswith("attribute:"):
            name = subject.removeprefix("attribute:")
            return lambda instance: [instance.attributes[name] or ""] if name in instance.attributes else []
        if subject not in SUBJECTS:
            raise self.refusal
        return SUBJECTS[subject]

    def _condition(self, values: Values) -> Test:
        operator = self._next()
        if operator == "exists":
            return lambda instance: bool(values(instance))
        if operator == "in":
            listed = self._list()
            return lambda instance: any(value in listed for value in values(instance))
        if operator not in COMPARISONS:
            raise self.refusal
        compare, wanted = COMPARISONS[operator], _unquoted(self._next())
        return lambda instance: any(compare(value, wanted) for value in values(instance))

    def _list(self) -> list[str]:
        self._expect("[")
        items = [_unquoted(self._next())]
        while self._take(","):
            items.append(_unquoted(self._next()))
        self._expect("]")
        return items


def _negated(test: Test) -> Test:
    return lambda instance: not test(instance)


def _unquoted(token: str) -> str:
    return token[1:-1] if token[:1] in ("'", '"') else token
