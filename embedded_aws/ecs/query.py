"""The cluster query language: `ec2InstanceId in [i-1, i-2] && attribute:stack == prod`.

Grammar and subjects: ECS developer guide, cluster-query-language. `&&` binds more tightly than `||`. Used by
ListContainerInstances(filter=...) and by the memberOf placement constraint.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import ge, gt, le, lt

from embedded_aws.ecs.errors import InvalidParameter
from embedded_aws.ecs.model import ContainerInstance

Test = Callable[[ContainerInstance], bool]

TOKEN = re.compile(r"\s*(&&|\|\||==|!=|>=|<=|=~|!~|[()\[\],<>]|!|'[^']*'|\"[^\"]*\"|[^\s()\[\],<>=!&|'\"]+)")
WORDS = {
    "and": "&&", "or": "||", "not": "!", "equals": "==", "not_equals": "!=", "matches": "=~", "not_matches": "!~",
    "greater_than": ">", "greater_than_equal": ">=", "less_than": "<", "less_than_equal": "<=", "not_in": "!in",
    "not_exists": "!exists",
}  # fmt: skip
ORDER = {">": gt, ">=": ge, "<": lt, "<=": le}
COMPARISONS = {"==", "!=", "=~", "!~", *ORDER}
SUBJECTS: dict[str, Callable[[ContainerInstance], str]] = {
    "agentConnected": lambda instance: str(instance.agent_connected).lower(),
    "agentVersion": lambda _: AGENT_VERSION,
    "ec2InstanceId": lambda instance: instance.ec2_instance_id,
    "registeredAt": lambda instance: instance.registered_at.isoformat(),
    "runningTasksCount": lambda instance: str(instance.running_tasks_count),
}
AGENT_VERSION = "1.90.0"


def compile_query(text: str) -> Test:
    """Compile an expression to a test of a container instance; raises InvalidParameter where it is malformed."""
    return _Parser(text).parse()


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [WORDS.get(token, token) for token in self._scan()]

    def parse(self) -> Test:
        test = self._either()
        if self.tokens:
            raise self._refusal()
        return test

    def _scan(self) -> Iterator[str]:
        at, end = 0, len(self.text.rstrip())
        while at < end:
            found = TOKEN.match(self.text, at)
            if found is None:
                raise self._refusal()
            yield found[1]
            at = found.end()

    def _refusal(self) -> InvalidParameter:
        return InvalidParameter(f"Invalid filter expression: {self.text}")

    def _next(self) -> str:
        if not self.tokens:
            raise self._refusal()
        return self.tokens.pop(0)

    def _take(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False

    def _expect(self, token: str) -> None:
        if not self._take(token):
            raise self._refusal()

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("||"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda instance: any(test(instance) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda instance: all(test(instance) for test in tests)

    def _one(self) -> Test:
        if self._take("!"):
            inner = self._one()
            return lambda instance: not inner(instance)
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._condition()

    def _condition(self) -> Test:
        values = _values_of(self._next(), self)
        negated = self._take("!")
        operator = self._next()
        if operator in ("!in", "!exists"):
            negated, operator = not negated, operator[1:]
        test = self._operation(operator, values)
        return (lambda instance: not test(instance)) if negated else test

    def _operation(self, operator: str, values: Callable[[ContainerInstance], list[str]]) -> Test:
        if operator == "exists":
            return lambda instance: bool(values(instance))
        if operator == "in":
            listed = self._list()
            return lambda instance: any(value in listed for value in values(instance))
        if operator not in COMPARISONS:
            raise self._refusal()
        return _comparison(operator, values, _unquoted(self._next()))

    def _list(self) -> list[str]:
        self._expect("[")
        items = [_unquoted(self._next())]
        while self._take(","):
            items.append(_unquoted(self._next()))
        self._expect("]")
        return items


def _values_of(subject: str, parser: _Parser) -> Callable[[ContainerInstance], list[str]]:
    """Return what reads the subject's values: a container instance has many task groups, and one of the rest."""
    if subject == "task:group":
        return lambda instance: [task.launch.group for task in instance.tasks.values() if task.is_live]
    if subject.startswith("attribute:"):
        name = subject.removeprefix("attribute:")
        return lambda instance: [instance.attributes[name] or ""] if name in instance.attributes else []
    if subject not in SUBJECTS:
        raise parser._refusal()
    read = SUBJECTS[subject]
    return lambda instance: [read(instance)]


def _comparison(operator: str, values: Callable[[ContainerInstance], list[str]], wanted: str) -> Test:
    if operator == "==":
        return lambda instance: wanted in values(instance)
    if operator == "!=":
        return lambda instance: wanted not in values(instance)
    if operator in ORDER:
        compare = ORDER[operator]
        return lambda instance: any(
            compare(_comparable(value), _comparable(wanted)) for value in values(instance)
        )
    pattern = re.compile(wanted)
    matches = operator == "=~"
    return lambda instance: any(map(pattern.fullmatch, values(instance))) is matches


def _comparable(text: str) -> tuple[float, str]:
    try:
        return float(text), ""
    except ValueError:
        return 0.0, text


def _unquoted(token: str) -> str:
    return token[1:-1] if token[:1] in ("'", '"') else token
