"""Whether the tasks of a service have signed off: each is asked once, and answers with one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib.common.model import stamp
from chalicelib.explain.blocker import Blocker, BlockerKind
from chalicelib.explain.words import short, until
from chalicelib.gates.declared import SignOffRule, Silence
from chalicelib.gates.seen import Answer, SignOff, StatefulService


@dataclass(frozen=True, slots=True)
class Ask:
    """A task that is to be asked whether it may be stopped."""

    task: str
    service: str
    answer_by: datetime
    on_silence: Silence


def asks(
    service: StatefulService, known: dict[str, SignOff], drain: str, at: datetime, deadline_at: datetime
) -> Iterator[Ask]:
    """Yield the tasks of a service that this drain has to ask: not yet asked, or refused to an earlier drain."""
    rule = service.declared.sign_off
    for task in service.tasks if rule else ():
        before = known.get(task)
        is_anew = before is None or (before.asked_by != drain and before.answer is not Answer.SIGNED)
        if rule and is_anew:
            yield Ask(task, service.declared.service, min(at + rule.within, deadline_at), rule.on_silence)


def blockers(service: StatefulService, known: dict[str, SignOff], at: datetime) -> Iterator[Blocker]:
    """Yield the tasks of a service that keep their gate closed."""
    rule = service.declared.sign_off
    for task in service.tasks if rule else ():
        blocker = rule and _blocker(service.declared.service, task, known.get(task), rule, at)
        if blocker:
            yield blocker


def _blocker(
    service: str, task: str, sign_off: SignOff | None, rule: SignOffRule, at: datetime
) -> Blocker | None:
    if sign_off and sign_off.answer is Answer.SIGNED:
        return None
    subject = f"task {short(task)} of service {service}"
    remedy = f"when it may be stopped: ecs-drainer sign-off {task}"
    if sign_off is None:
        reason = "it is asked now whether it may be stopped"
        return Blocker(BlockerKind.SIGN_OFF_AWAITED, subject, reason, remedy, (task,))
    if sign_off.answer is Answer.REFUSED:
        who = f" ({sign_off.who})" if sign_off.who else ""
        return Blocker(
            BlockerKind.SIGN_OFF_REFUSED,
            subject,
            f"refused: {sign_off.reason or 'no reason given'}{who}",
            remedy,
            (task,),
        )
    if at < sign_off.answer_by:
        more = f"; it asked for more time: {sign_off.reason}" if sign_off.reason else ""
        then = (
            "then its silence counts as yes" if rule.on_silence is Silence.PROCEED else "then it is overdue"
        )
        reason = f"it was asked and has {until(sign_off.answer_by, at)} to answer, {then}{more}"
        ends_at = sign_off.answer_by if rule.on_silence is Silence.PROCEED else None
        return Blocker(BlockerKind.SIGN_OFF_AWAITED, subject, reason, remedy, (task,), ends_at)
    if rule.on_silence is Silence.PROCEED:
        return None
    reason = f"it was asked to answer by {stamp(sign_off.answer_by)} and was silent; its tag says `hold`"
    return Blocker(BlockerKind.SIGN_OFF_OVERDUE, subject, reason, remedy, (task,))
