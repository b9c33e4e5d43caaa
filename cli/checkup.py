"""What `ecs-drainer doctor` complains of: pure rules over what was read of an installation and of each group.

A complaint has a level. `error`: drains don't work, or do harm. `warning`: they do, but not as somebody meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from chalicelib.common.trigger import Trigger
from chalicelib.events.autoscaling import MANAGED_DRAINING_HOOK
from chalicelib.explain.words import count, some, spell
from chalicelib.policy import Gates, ManagedDraining, resolve
from chalicelib.policy.deadline import CEILING_MARGIN, LATEST_START, hook_time
from cli.checkup_events import of_the_way
from cli.checkup_found import TRIGGERED, Complaint, Deployed, Group, Level
from cli.checkup_providers import PROVIDER_RULES
from cli.checkup_telling import of_telling
from cli.installation import APP

STAGE_REMEDY = (
    "correct `ecs-drainer install --parameter`, or environment_variables in .chalice/config.json, and deploy"
)
OUTLASTS_RETRIES = timedelta(minutes=5)
"""The shortest heartbeat timeout of a hook that a single AWS service out of order doesn't end."""
AGENT_SPOT_DRAINING = "ECS_ENABLE_SPOT_INSTANCE_DRAINING"
Complaints = Iterator[Complaint]


def complaints(deployed: Deployed, groups: Iterable[Group]) -> list[Complaint]:
    """Return everything that is wrong, errors first."""
    found = list(of_the_stage(deployed))
    found += [complaint for group in groups for rule in GROUP_RULES for complaint in rule(group)]
    return sorted(dict.fromkeys(found), key=lambda complaint: list(Level).index(complaint.level))


def of_the_stage(deployed: Deployed) -> Complaints:
    """What is missing of the installation itself."""
    stage, option = f"stage {deployed.stage}", f"--stage {deployed.stage}"
    redeploy = f"deploy again: ecs-drainer install {option}, or chalice deploy {option}, whichever did it"
    if not deployed.has_state_machine:
        yield Complaint(Level.ERROR, stage, "there is no state machine: nothing is deployed here", redeploy)
        return
    for name in deployed.missing_functions:
        yield Complaint(Level.ERROR, stage, f"function {name} is missing", redeploy)
    for function, state in deployed.rules.items():
        if state != "ENABLED":
            sentence = f"the event rule of {function} is {state.lower()}: {TRIGGERED[function]}"
            yield Complaint(Level.ERROR, stage, sentence, redeploy)
    if not deployed.has_fleet_machine:
        yield Complaint(
            Level.ERROR, stage, "there is no state machine for fleets: none can be drained", redeploy
        )
    if not deployed.has_ledger:
        yield Complaint(Level.ERROR, stage, "there is no ledger table: every drain fails", redeploy)
    yield from _of_dead_letters(deployed, stage, redeploy)
    yield from of_the_way(deployed.events, stage, f"{APP}-{deployed.stage}-ecs-events", redeploy)
    yield from of_telling(deployed.telling, stage, f"{APP}-{deployed.stage}-alarms", redeploy)
    yield from _of_settings(deployed, stage)
    for sentence in deployed.unread:
        yield Complaint(
            Level.WARNING, stage, f"could not be checked: {sentence}", "ask for the permission it names"
        )


def _of_dead_letters(deployed: Deployed, stage: str, redeploy: str) -> Complaints:
    if deployed.dead_letters is None:
        yield Complaint(
            Level.WARNING, stage, "there is no dead-letter queue: events that fail are lost", redeploy
        )
    elif deployed.dead_letters:
        sentence = (
            f"{count(deployed.dead_letters, 'event')} could not be handled and wait in the dead-letter queue"
        )
        remedy = "read them: aws sqs receive-message --queue-url (the stack's output DeadLetterQueueUrl)"
        yield Complaint(Level.WARNING, stage, sentence, remedy)


def _of_settings(deployed: Deployed, stage: str) -> Complaints:
    for notice in (*deployed.settings.notices, *resolve([deployed.settings.policy]).notices):
        yield Complaint(Level.ERROR, stage, notice, STAGE_REMEDY)
    for name in deployed.unknown_clusters:
        sentence = (
            f"ECS_DRAINER_CLUSTERS names {name}, and there is no such cluster: each drain asks all others"
        )
        yield Complaint(Level.ERROR, stage, sentence, STAGE_REMEDY)


def no_hook(found: Group) -> Complaints:
    """Without a hook of ours an instance is terminated with its tasks on it."""
    if found.ours or found.managed_draining_by:
        return
    name = found.group.name
    others = [hook.name for hook in found.hooks]
    sentence = (
        f"it has only {some(others)}, which this stage leaves alone" if others else "it has no terminate hook"
    )
    yield Complaint(
        Level.ERROR,
        f"group {name}",
        f"{sentence}: its instances are terminated with their tasks on them",
        f"ecs-drainer enroll --asg {name}",
    )


def heartbeat_too_short(found: Group) -> Complaints:
    """No heartbeat moves the hook's ceiling of 48 h or 100 timeouts: the deadline must fit below it."""
    for hook in found.ours:
        deadline, longest = found.resolved(hook).policy.deadline, hook_time(hook)
        if longest - LATEST_START - CEILING_MARGIN < deadline:
            sentence = (
                f"hook {hook.name}, with a heartbeat timeout of {hook.heartbeat_timeout_seconds} s, holds an instance "
                f"for {spell(longest)} at most, and the deadline is {spell(deadline)}: it is cut short"
            )
            seconds = int(deadline.total_seconds() / 100) + 60
            remedy = f"ecs-drainer enroll --asg {found.group.name} --hook {hook.name} --heartbeat {max(900, seconds)}s"
            yield Complaint(Level.ERROR, f"group {found.group.name}", sentence, remedy)


def heartbeat_outlasted(found: Group) -> Complaints:
    """A call that is tried again keeps the next heartbeat waiting; timeouts of OUTLASTS_RETRIES leave time for both.

    tests/walk/test_drain_outages.py holds the machine to that.
    """
    for hook in found.ours:
        if hook.heartbeat_timeout_seconds < OUTLASTS_RETRIES.total_seconds():
            sentence = (
                f"hook {hook.name} has a heartbeat timeout of {hook.heartbeat_timeout_seconds} s: where AWS throttles "
                "or is out of order, retries of one call can outlast it, and its default result then ends the action"
            )
            remedy = f"ecs-drainer enroll --asg {found.group.name} --hook {hook.name} --heartbeat 900s"
            yield Complaint(Level.WARNING, f"group {found.group.name}", sentence, remedy)


def default_result(found: Group) -> Complaints:
    """ABANDON cancels the group's other hooks at once, ECS's own among them."""
    has_managed = any(hook.name == MANAGED_DRAINING_HOOK for hook in found.hooks)
    for hook in found.ours:
        if hook.default_result != "ABANDON" or found.group.retains_on_abandon:
            continue
        harm = (
            f"ends ECS's own {MANAGED_DRAINING_HOOK} too"
            if has_managed
            else "cancels the group's other hooks"
        )
        yield Complaint(
            Level.ERROR if has_managed else Level.WARNING,
            f"group {found.group.name}",
            f"hook {hook.name} has the default result ABANDON: when its time runs out, that {harm}",
            f"ecs-drainer enroll --asg {found.group.name} --hook {hook.name}",
        )


def several_hooks(found: Group) -> Complaints:
    """An instance has one drain at a time: each hook that we act on has its event, and one of them starts and ends it.

    Nobody answers the others, nor records heartbeats for them: their own timers end them.
    """
    if len(found.ours) < 2:
        return
    policies = [found.resolved(hook).policy for hook in found.ours]
    differ = any(policy != policies[0] for policy in policies)
    sentence = (
        f"the stage acts on {len(policies)} terminating hooks{' with different settings' if differ else ''} "
        f"({some([hook.name for hook in found.ours])}): "
        f"{'which of them a drain goes by is chance; ' if differ else ''}"
        "a drain answers one of them, and the rest hold each termination until their own timeouts end"
    )
    remedy = (
        f"keep one: aws autoscaling delete-lifecycle-hook --auto-scaling-group-name {found.group.name} "
        "--lifecycle-hook-name NAME; or say in ECS_DRAINER_HOOKS which the stage acts on"
    )
    yield Complaint(Level.WARNING, f"group {found.group.name}", sentence, remedy)


def hook_of_others(found: Group) -> Complaints:
    """An instance is terminated once every hook is completed or its time is out; ours can't end another's wait.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks.html
    """
    for hook in found.hooks if found.ours else ():
        if hook in found.ours or hook.name == MANAGED_DRAINING_HOOK:
            continue
        timeout = spell(timedelta(seconds=hook.heartbeat_timeout_seconds))
        sentence = (
            f"the stage does not act on its terminating hook {hook.name}: unless somebody else completes that, it "
            f"holds each termination for {timeout}, however soon the drain ends"
        )
        remedy = (
            "nothing, if somebody completes it; else add it to ECS_DRAINER_HOOKS, or: aws autoscaling "
            f"delete-lifecycle-hook --auto-scaling-group-name {found.group.name} --lifecycle-hook-name {hook.name}"
        )
        yield Complaint(Level.WARNING, f"group {found.group.name}", sentence, remedy)


def managed_draining(found: Group) -> Complaints:
    """Two drain the same instances; ours then only watches, unless told otherwise."""
    provider = found.managed_draining_by
    if provider and found.resolved().policy.managed_draining is ManagedDraining.OBSERVE:
        sentence = (
            f"managed draining of capacity provider {provider} is on: ECS drains these instances for up to 48 h "
            "whatever the deadline, and ecs-drainer only watches"
        )
        remedy = (
            f"if our deadlines are to count: aws ecs update-capacity-provider --name {provider} "
            "--auto-scaling-group-provider managedDraining=DISABLED"
        )
        triggers = found.resolved().policy.triggers
        if not found.ours and Trigger.MANAGED_DRAINING not in triggers:
            chosen = " ".join(sorted({*triggers, Trigger.MANAGED_DRAINING}))
            sentence = sentence.replace("ecs-drainer only watches", "nobody watches that")
            remedy = f"{remedy}; to have it watched, with a deadline: the tag ecs-drainer:triggers='{chosen}'"
        yield Complaint(Level.WARNING, f"group {found.group.name}", sentence, remedy)


def gates_are_off(found: Group) -> Complaints:
    """Tags of stateful services mean nothing until the setting `gates` has them read."""
    asks = any(found.resolved(hook).policy.gates is not Gates.OFF for hook in found.ours or (None,))
    if found.stateful and not asks:
        name = found.group.name
        sentence = (
            f"tags of stateful services stand on {some(found.stateful)}, and the setting gates is off: its instances "
            "are drained without asking them"
        )
        remedy = (
            "aws autoscaling create-or-update-tags --tags "
            f"ResourceId={name},ResourceType=auto-scaling-group,Key=ecs-drainer:gates,Value=services,"
            "PropagateAtLaunch=false; or ECS_DRAINER_GATES=services for the whole stage"
        )
        yield Complaint(Level.WARNING, f"group {name}", sentence, remedy)


def agent_spot_draining(found: Group) -> Complaints:
    """The agent sets DRAINING by itself at a Spot interruption; harmless, and it hides who did it."""
    settings = found.user_data.replace('"', "").replace("'", "").lower()
    is_on = f"{AGENT_SPOT_DRAINING.lower()}=true" in settings
    if is_on and Trigger.SPOT_INTERRUPTION in found.resolved().policy.triggers:
        sentence = (
            f"the agent's own {AGENT_SPOT_DRAINING} is on as well: both set DRAINING at a Spot interruption"
        )
        remedy = (
            "leave one of them: take the line out of the user data, or set the tag ecs-drainer:triggers=none"
        )
        yield Complaint(Level.WARNING, f"group {found.group.name}", sentence, remedy)


def wrong_settings(found: Group) -> Complaints:
    """Tags and metadata that no drain can read are passed over, which somebody should know."""
    notices = [notice for hook in (*found.ours, None) for notice in found.resolved(hook).notices]
    stage = resolve([found.settings.policy]).notices
    at_hook = resolve([found.settings.policy], found.at_hook).notices
    for notice in dict.fromkeys(notices):
        if notice not in stage:
            remedy = "correct the tag of the group, or the hook's metadata (ecs-drainer enroll writes it)"
            remedy = STAGE_REMEDY if notice in at_hook else remedy
            yield Complaint(Level.ERROR, f"group {found.group.name}", notice, remedy)


GROUP_RULES: tuple[Callable[[Group], Complaints], ...] = (
    no_hook,
    heartbeat_too_short,
    heartbeat_outlasted,
    default_result,
    several_hooks,
    hook_of_others,
    managed_draining,
    gates_are_off,
    agent_spot_draining,
    wrong_settings,
    *PROVIDER_RULES,
)
