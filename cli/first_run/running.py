"""One first run: reads what can be read, tries the rest on a throwaway group if asked to, and removes that again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.common.errors import DrainerError
from cli.desk import Desk
from cli.first_run import of_instances, of_machines, of_providers
from cli.first_run.account import Account, Run
from cli.first_run.findings import Finding, Seen, Unsettled, unsettled
from cli.first_run.leftovers import leftovers, remove
from cli.first_run.making import Maker
from cli.first_run.of_instances import Ground
from cli.first_run.past import from_the_past
from cli.first_run.questions import QUESTIONS, Question
from cli.first_run.shielded import interruptible, uninterrupted
from cli.problems import Halt

OF_MACHINES: Mapping[tuple[str, ...], Callable[[Maker], Mapping[str, Seen]]] = {
    ("validation-error-name",): of_machines.error_name,
    ("fleet-stopped",): of_machines.stopped_with_its_parent,
}
OF_INSTANCES: Mapping[tuple[str, ...], Callable[[Ground], Mapping[str, Seen]]] = {
    ("draining-twice", "event-of-set-state"): of_instances.set_states,
    ("draining-and-protection", "stopping-counts"): of_instances.leaving,
    ("new-root-volume",): of_instances.root_volumes,
    ("topic-body", "token-of-another"): of_instances.lifecycle,
    ("active-under-managed-draining",): of_providers.set_active,
}
"""What is tried, by the questions that it answers, in this order: the last two end the instances."""

STOOD_IN_THE_WAY = (DrainerError, Unsettled, BotoCoreError, ClientError, Halt)


@dataclass
class FirstRun:
    """What a run has found so far; it is told as it stands, whenever the run ends."""

    desk: Desk
    questions: Sequence[Question] = QUESTIONS
    findings: dict[str, Finding] = field(default_factory=dict)
    not_removed: list[str] = field(default_factory=list)
    is_over: bool = False
    """Whether what it created is removed, as far as it could be."""

    def read(self) -> None:
        """Answer what the account's past answers; the other questions are noted as not asked."""
        past = from_the_past(self.desk)
        for each in self.questions:
            self._note(each.id, past.get(each.id))

    def try_out(self, subnets: Sequence[str]) -> None:
        """Answer the rest on things of its own, which are removed whatever happens."""
        account = Account(self.desk)
        maker = Maker(account, Run.at(account.region, self.desk.now()), subnets)
        with interruptible(self.desk.warn), self._removed(maker):
            for names, ask in OF_MACHINES.items():
                self._try(names, lambda ask=ask: ask(maker))  # type: ignore[misc]  # bound now, called at once
            if any(self._is_open(name) for names in OF_INSTANCES for name in names):
                self._try_instances(maker)

    def told(self) -> list[Finding]:
        """Return the findings in the order of the questions."""
        return [self.findings[each.id] for each in self.questions if each.id in self.findings]

    def _try_instances(self, maker: Maker) -> None:
        self.desk.warn("Creating the throwaway group ...")
        try:
            ground = of_instances.lay(maker)
        except STOOD_IN_THE_WAY as error:
            for name in (name for names in OF_INSTANCES for name in names if self._is_open(name)):
                self._note(name, unsettled(_sentence(error)))
            return
        for names, ask in OF_INSTANCES.items():
            self._try(names, lambda ask=ask: ask(ground))  # type: ignore[misc]  # bound now, called at once

    def _try(self, names: tuple[str, ...], ask: Callable[[], Mapping[str, Seen]]) -> None:
        wanted = [name for name in names if self._is_open(name)]
        if not wanted:
            return
        self.desk.warn(f"Asking {', '.join(wanted)} ...")
        try:
            seen = ask()
        except STOOD_IN_THE_WAY as error:
            seen = {name: unsettled(_sentence(error)) for name in wanted}
        for name in wanted:
            self._note(name, seen[name])

    def _is_open(self, name: str) -> bool:
        return name in self.findings and self.findings[name].answer is None

    def _note(self, name: str, seen: Seen | None) -> None:
        asked = {each.id: each for each in self.questions}
        self.findings[name] = Finding(asked[name], self.desk.now(), seen)

    @contextmanager
    def _removed(self, maker: Maker) -> Iterator[None]:
        try:
            try:
                yield
            finally:
                self._remove(maker)
        except KeyboardInterrupt:  # one that came as the removal was to begin; from now on none comes
            if not self.is_over:
                self._remove(maker)
            raise

    def _remove(self, maker: Maker) -> None:
        with uninterrupted(self.desk.warn):
            self.desk.warn("Removing what was created ...")
            self.not_removed = clean_up(maker.account, self.desk.warn, maker.run.tag)
            self.is_over = True


def clean_up(account: Account, tell: Callable[[str], None], run_tag: str | None = None) -> list[str]:
    """Remove what one run, or every run of this Region, has left behind; returns what could not be removed, and why."""
    found, refused = leftovers(account, run_tag)
    return refused + remove(account, found, tell)


def _sentence(error: BaseException) -> str:
    return error.problem.sentence if isinstance(error, Halt) else str(error)
