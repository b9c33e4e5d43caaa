"""What AWS does not document and a drain touches. Pure; docs/open-questions.md is written from it, `--first-run` asks.

ecs-drainer is built so that either answer is right; each question says how.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

UNSETTLED = "unsettled"
"""The answer of a question that was asked and gave neither of its two."""


class Needs(Enum):
    """What asking a question takes that the account may not have yet."""

    MACHINES = "small state machines with roles"
    GROUP = "an Auto Scaling group of two instances with a cluster, for half an hour"


@dataclass(frozen=True, slots=True)
class Answer:
    """One of a question's two answers."""

    id: str
    says: str
    """What AWS does, in a sentence."""
    means: str
    """What that is for a drain."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that AWS does not document."""

    id: str
    asks: str
    matters_for: str
    """What of a drain it touches."""
    stands: str
    """How the drain is right with either answer."""
    settled_by: str
    """What is tried, and what is looked at."""
    answers: tuple[Answer, Answer]
    needs: Needs = Needs.GROUP
    seen_in_the_past: str = ""
    """Where an account may have the answer already, so that it can be read; empty: nowhere."""

    def answer(self, name: str) -> Answer | None:
        """Return the answer of this id; None for one that was not found."""
        return next((each for each in self.answers if each.id == name), None)


QUESTIONS: tuple[Question, ...] = (
    Question(
        id="draining-twice",
        asks="Is DRAINING on a DRAINING container instance a no-op or an error?",
        matters_for="setting DRAINING, where somebody else has set it a moment before",
        stands="The plan reads the status first and asks only for ACTIVE ones.",
        settled_by="UpdateContainerInstancesState sets DRAINING twice; the two answers are compared.",
        answers=(
            Answer("no-op", "It is answered as the first was.", "Two drainers at once do no harm."),
            Answer(
                "error",
                "It is refused, or told among the `failures`.",
                "Whoever sets it second is refused, and finds at the next look that it is DRAINING.",
            ),
        ),
    ),
    Question(
        id="validation-error-name",
        asks="Under which error name does Step Functions report Auto Scaling's `ValidationError`?",
        matters_for="completing a lifecycle action, and recording heartbeats, after the action is gone",
        stands="`States.TaskFailed` is caught, and a Choice reads the cause.",
        settled_by="A state machine records a heartbeat for a group that doesn't exist; its history names the error.",
        answers=(
            Answer(
                "by-service",
                "`AutoScaling.AutoScalingException`.",
                "As the embedded AWS has it, and as other services' errors are recorded.",
            ),
            Answer(
                "by-code",
                "A name made of the error's code, such as `AutoScaling.ValidationErrorException`.",
                "Nothing: no state of the drain names either.",
            ),
        ),
        needs=Needs.MACHINES,
        seen_in_the_past="the histories of the stage's latest drains, where Auto Scaling refused a call",
    ),
    Question(
        id="draining-and-protection",
        asks="Does DRAINING wait for tasks with scale-in protection?",
        matters_for="how long protected tasks hold a drain",
        stands="Both are waited for; protection is explained with its expiry.",
        settled_by="Of two services that may stop their task first, one protects it; the instance is set DRAINING.",
        answers=(
            Answer(
                "waits",
                "The protected task is RUNNING minutes after the other was stopped.",
                "A protected task holds the drain until its protection ends; the explanation says when.",
            ),
            Answer(
                "does-not-wait",
                "The protected task is stopped like the other.",
                "Protection holds no drain, and its explanation goes away with the task.",
            ),
        ),
    ),
    Question(
        id="new-root-volume",
        asks="Does replacing the root volume give a new container-instance ARN?",
        matters_for="draining an instance whose root volume is replaced in an instance refresh",
        stands="The drain deregisters the old one before CONTINUE, and each drain finds container instances anew by "
        "the EC2 instance id.",
        settled_by="An instance refresh replaces the root volumes; the ARNs before and after are compared.",
        answers=(
            Answer(
                "new-arn",
                "The agent registers a new container instance, which is ACTIVE.",
                "What the drain deregistered is gone; the instance takes tasks again by itself.",
            ),
            Answer(
                "same-arn",
                "The agent is the container instance that it was.",
                "It starts as one that the drain deregistered: see that it registers anew after the first refresh.",
            ),
        ),
        seen_in_the_past="instance refreshes that replaced root volumes, and when agents on the instances registered",
    ),
    Question(
        id="topic-body",
        asks="Is the body of an SNS lifecycle notification JSON or `Key: value` text?",
        matters_for="hooks that tell an SNS topic of their own",
        stands="Both are read.",
        settled_by="Instances are scaled in under a hook with a topic; a queue holds what the topic got.",
        answers=(
            Answer("json", "JSON, as an SQS queue gets it.", "Nothing: it is read."),
            Answer("text", "Lines of `Key: value`.", "Nothing: it is read."),
        ),
    ),
    Question(
        id="token-of-another",
        asks="Does a lifecycle action's token with another instance's id fail?",
        matters_for="completing lifecycle actions and recording heartbeats",
        stands="Both are sent, and always of the same action.",
        settled_by="Two instances wait in their hook; a heartbeat is recorded with one's token and the other's id.",
        answers=(
            Answer("refused", "It is refused.", "A mix-up would be told as an action that is gone."),
            Answer(
                "accepted",
                "One of the two counts, and nothing is said.",
                "A mix-up would let the wrong instance go; there is none, as both come from one event.",
            ),
        ),
    ),
    Question(
        id="fleet-stopped",
        asks="Does a drain go on when its fleet's execution is stopped, whose role may not stop executions?",
        matters_for="`fleet cancel`, and who stops a fleet in the console",
        stands="`fleet cancel` looks at each drain that was open once the fleet is stopped; one that was stopped with "
        "it is given back, and that is said.",
        settled_by="An execution that waits for another by `.sync:2`, under such a role, is stopped; the other is "
        "described.",
        answers=(
            Answer("goes-on", "It goes on.", "Drains that are open end as if the fleet were there."),
            Answer(
                "stopped-with-it",
                "It is ABORTED with its fleet.",
                "Instances stay DRAINING unless `fleet cancel` gives them back; stop no fleet in the console.",
            ),
        ),
        needs=Needs.MACHINES,
        seen_in_the_past="fleets of the stage that were stopped, and how drains that were open then have ended",
    ),
    Question(
        id="event-of-set-state",
        asks="Is there an event when a container instance is set DRAINING or ACTIVE?",
        matters_for="how soon a drain notices that somebody has set its instance ACTIVE again",
        stands="Nothing waits for that event alone: a safety look reads the status.",
        settled_by="An instance without tasks is set DRAINING; a rule sends its events to a queue for two minutes.",
        answers=(
            Answer("event", "There is one, with the new status.", "The drain notices within seconds."),
            Answer(
                "no-event", "There is none.", "The drain notices at its next safety look, in 3 to 15 minutes."
            ),
        ),
    ),
    Question(
        id="stopping-counts",
        asks="Do tasks that are STOPPING count towards a service's maximum percent?",
        matters_for="what is explained of services that may not start a replacement",
        stands="The explanation takes it that they count, and says what the scheduler did, not what it will do.",
        settled_by="A service of one task, with 0 and 100 percent, leaves an instance; its replacement is created "
        "before or after the old task is STOPPED.",
        answers=(
            Answer(
                "counts", "The replacement comes after STOPPED.", "Such services leave one after the other."
            ),
            Answer(
                "does-not-count",
                "The replacement comes while the old task is STOPPING.",
                "Such services leave sooner than explained.",
            ),
        ),
    ),
    Question(
        id="active-under-managed-draining",
        asks="Does an instance that somebody sets ACTIVE stay ACTIVE while ECS's managed draining holds it?",
        matters_for="what `on_deadline = undrain` is worth to a drain that only watches ECS drain",
        stands="A watch that undrains ends there, and says that ECS's lifecycle action still holds the instance.",
        settled_by="The group gets a capacity provider with managed draining; an instance of it, with a task that is "
        "no service's, is scaled in, and set ACTIVE once ECS has set it DRAINING; three minutes later its status is "
        "read.",
        answers=(
            Answer(
                "drained-again",
                "ECS sets it DRAINING again.",
                "`undrain` gives a watch nothing that `keep` doesn't: ECS drains on. `stop-tasks` ends its drain.",
            ),
            Answer(
                "stays-active",
                "It stays ACTIVE.",
                "`undrain` lets tasks be placed on it again; Auto Scaling still terminates it, with whatever runs "
                "there, when ECS's lifecycle action ends.",
            ),
        ),
    ),
)


def question(name: str) -> Question:
    """Return the question of an id; raises KeyError."""
    return {each.id: each for each in QUESTIONS}[name]


def page(questions: Sequence[Question] = QUESTIONS) -> str:
    """Return docs/open-questions.md."""
    rows = [f"| [{each.id}](#{each.id}) | {each.asks} | {each.stands} |" for each in questions]
    table = ["| id | question | how the drain stands |", "|---|---|---|", *rows]
    return "\n".join([HEAD, *table, "", *(_section(each) for each in questions)])


HEAD = """# What AWS does not document

<!-- Written by `python -m docs.generate` from cli/first_run/questions.py; a test compares it. -->

ecs-drainer is built so that either answer is right; a live account settles which it is:

    ecs-drainer doctor --first-run                              # only reads
    ecs-drainer doctor --first-run --with-a-throwaway-group     # asks before it creates anything, and removes all of it
    ecs-drainer doctor --first-run --clean-up                   # removes what a run that was killed left behind

`--report FILE` writes what was found as JSON, without account ids. None has been settled in a real account yet.
"""


def _section(one: Question) -> str:
    past = f" Read, where there is any: {one.seen_in_the_past}." if one.seen_in_the_past else ""
    first, second = one.answers
    lines = [
        f"## {one.id}",
        "",
        one.asks,
        "",
        f"- Touches: {one.matters_for}.",
        f"- Settled: {one.settled_by} Needs {one.needs.value}.{past}",
        f"- `{first.id}`: {first.says} For a drain: {first.means}",
        f"- `{second.id}`: {second.says} For a drain: {second.means}",
        "",
    ]
    return "\n".join(lines)
