"""`ecs-drainer doctor --first-run`: settles in a real account what AWS does not document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from chalicelib.common.wording import did_you_mean
from chalicelib.explain.words import count, some
from cli.desk import Desk, to_json
from cli.exit_codes import ExitCode
from cli.first_run.account import PREFIX, Account
from cli.first_run.findings import documents, text
from cli.first_run.leftovers import leftovers
from cli.first_run.making import INSTANCE_TYPE, INSTANCES, price
from cli.first_run.questions import QUESTIONS, Question
from cli.first_run.running import FirstRun, clean_up
from cli.first_run.shielded import interruptible, uninterrupted
from cli.problems import Halt


@dataclass(frozen=True, slots=True)
class Asked:
    """How the operator asks for a first run."""

    with_a_group: bool = False
    clean_up: bool = False
    report: Path | None = None
    questions: Sequence[str] = ()
    subnets: Sequence[str] = ()
    yes: bool = False


def first_run(desk: Desk, asked: Asked) -> ExitCode:
    """Ask the open questions and tell the answers, or with `clean_up` remove what an earlier run left behind.

    Exit code 1 where something could not be removed, 130 after Ctrl-C; unsettled questions leave it 0.
    """
    if asked.clean_up:
        return _clean_up(desk, yes=asked.yes)
    run = FirstRun(desk, _chosen(asked.questions))
    _check(asked.report)
    if asked.with_a_group:
        _confirm(desk, yes=asked.yes)
    code = ExitCode.OK
    try:
        with interruptible(desk.warn):
            run.read()
            if asked.with_a_group:
                run.try_out(asked.subnets)
    except KeyboardInterrupt:
        desk.warn("Interrupted: what was found until then follows.")
        code = ExitCode.DETACHED
    _tell(desk, run, asked.report)
    return _told(run.not_removed) or code


def _tell(desk: Desk, run: FirstRun, report: Path | None) -> None:
    found = run.told()
    written = documents(found, Account(desk).region, price())
    if report:
        report.write_text(f"{to_json(written, indent=2)}\n", encoding="utf-8")
    desk.report(text(found, price()), written)


def _told(not_removed: Sequence[str]) -> ExitCode | None:
    """Raise Halt where something is left."""
    if not_removed:
        left = "\n  ".join(not_removed)
        raise Halt(f"Not everything was removed:\n  {left}", "ecs-drainer doctor --first-run --clean-up")
    return None


def _chosen(names: Sequence[str]) -> tuple[Question, ...]:
    known = [each.id for each in QUESTIONS]
    unknown = [f"{name}{did_you_mean(name, known)}" for name in names if name not in known]
    if unknown:
        sentence = f"--question: {some(unknown)} is no open question: expected one of {', '.join(known)}"
        raise Halt(sentence, code=ExitCode.USAGE)
    return tuple(each for each in QUESTIONS if not names or each.id in names)


def _check(report: Path | None) -> None:
    """Raise Halt before anything is asked where the report could not be written."""
    if report and not report.absolute().parent.is_dir():
        sentence = f"--report {report}: expected a file in a folder that exists"
        raise Halt(sentence, "create the folder, or name another file", ExitCode.USAGE)


def _confirm(desk: Desk, *, yes: bool) -> None:
    if yes:
        return
    what = f"Create a throwaway group in {Account(desk).region} as {desk.installation.who}"
    if not desk.edge.can_ask:
        raise Halt(f"{what}? Nobody is there to answer", "give --yes", ExitCode.REFUSED)
    desk.warn(
        f"This creates an Auto Scaling group of {INSTANCES} {INSTANCE_TYPE} with a cluster, a capacity provider, a "
        "launch template, two services, a topic, a rule, two queues, three state machines, and roles for them, all of "
        f"them with {PREFIX}-... in their names, and tagged.\n"
        f"It takes half an hour to an hour: {price()}.\n"
        "All of it is removed at the end, after an error and after Ctrl-C as well."
    )
    if not typer.confirm(f"{what}?", err=True):
        raise Halt("Nothing was created", code=ExitCode.REFUSED)


def _clean_up(desk: Desk, *, yes: bool) -> ExitCode:
    account = Account(desk)
    found, refused = leftovers(account)
    _told(refused)
    if not found:
        desk.report(f"No first run has left anything behind in {account.region}.", [])
        return ExitCode.OK
    what = f"Remove {count(len(found), 'thing')} that first runs have left behind in {account.region}"
    if not yes:
        if not desk.edge.can_ask:
            raise Halt(f"{what}? Nobody is there to answer", "give --yes", ExitCode.REFUSED)
        desk.warn("\n".join(f"{each.called} of run {each.tag.rpartition('/')[2]}" for each in found))
        if not typer.confirm(f"{what}? A run that goes on loses its own as well.", err=True):
            raise Halt("Nothing was removed", code=ExitCode.REFUSED)
    with uninterrupted(desk.warn):
        not_removed = clean_up(account, desk.warn)
    desk.report(
        f"Removed {count(len(found) - len(not_removed), 'thing')}.",
        [{"kind": each.kind, "name": each.called, "run": each.tag} for each in found],
    )
    return _told(not_removed) or ExitCode.OK
