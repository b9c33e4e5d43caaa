"""`python -m stories.demo_stateful`: an instance refresh over a quorum store and a queue consumer, drawn as it goes.

Five instances, three of them with a member of the store, three with a consumer. Each is replaced by a new one; the
gates let one member go at a time, and a consumer once its queue is empty. In process and on virtual time: the same
lines in every run.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from app import app
from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client
from stories.samples import Consumer, Store
from stories.samples.story import StatefulStory
from stories.samples.telling import Stage, set_up, slots_held
from stories.world import GROUP

EVERY = timedelta(seconds=30)
BURST_SECONDS, BURSTS, JOBS = 480.0, 4, 150
STORY = StatefulStory(
    title="An instance refresh over a three-node store with a queue consumer",
    samples=("store", "consumer"),
    happens=(),
    tags={"gates": "services"},
    instances=5,
)
LEGEND = """\
  ●  in service      ◌  waits before its gates      ◐  DRAINING      ·  gone or not yet there
  ▇  a member in sync, a client's writes need two of three
"""


def main(arguments: list[str] | None = None) -> int:
    """Play it; returns 1 where quorum was lost, a job was lost or a task was killed."""
    parser = argparse.ArgumentParser(prog="python -m stories.demo_stateful", description=__doc__)
    parser.add_argument(
        "--speed", type=float, help="virtual seconds a real second; as fast as it goes if not given"
    )
    speed = parser.parse_args(arguments).speed
    os.environ.setdefault("POWERTOOLS_LOG_LEVEL", "CRITICAL")
    os.environ.setdefault("POWERTOOLS_METRICS_DISABLED", "true")  # they are lines on stdout
    logging.getLogger("ecs-drainer").setLevel(logging.CRITICAL)
    print(f"{STORY.title}\n(an embedded AWS: nothing here reaches a real account)\n\n{LEGEND}", flush=True)
    with embedded_aws() as aws:
        stage = set_up(aws, STORY, app)
        _begin(stage)
        drawn = Drawing(stage)
        while not _is_over() and aws.clock.now() - stage.began_at < timedelta(hours=4):
            aws.clock.advance(EVERY.total_seconds())
            drawn.line()
            if speed:
                time.sleep(EVERY.total_seconds() / speed)
        return _sum_up(stage)


def _begin(stage: Stage) -> None:
    """Start the refresh, and let jobs come in bursts."""
    client("autoscaling").start_instance_refresh(
        AutoScalingGroupName=GROUP,
        Preferences={"MinHealthyPercentage": 60, "MaxHealthyPercentage": 100, "InstanceWarmup": 60},
    )
    for burst in range(BURSTS):
        send = partial(stage.sample(Consumer).send, JOBS)
        stage.aws.clock.call_later(burst * BURST_SECONDS, send, "jobs come in")


def _is_over() -> bool:
    answer = client("autoscaling").describe_instance_refreshes(AutoScalingGroupName=GROUP)
    refreshes = answer["InstanceRefreshes"]
    return bool(refreshes) and refreshes[0]["Status"] in ("Successful", "Failed", "Cancelled")


class Drawing:
    """Draws a line for each half minute: the old instances, the store, the queue."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.told = 0
        print(
            f"  time   {'instances'.ljust(max(15, 3 * len(stage.instances)))}  store           queue",
            flush=True,
        )

    def line(self) -> None:
        """Draw how it stands now, and what was told since the last line."""
        now = self.stage.aws.clock.now()
        store, consumer = self.stage.sample(Store), self.stage.sample(Consumer)
        instances = "  ".join(self._marks())
        quorum = "▇" * len(store.in_sync) + "░" * (store.members - len(store.in_sync))
        verdict = "holds" if len(store.in_sync) >= store.majority else "LOST "
        print(
            f"  {_passed(self.stage, now)}  {instances:<15}  {quorum} {verdict}",
            f"{consumer.waiting:>6} jobs{self._news()}",
            flush=True,
        )

    def _marks(self) -> Iterable[str]:
        group = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
        states = {i["InstanceId"]: i["LifecycleState"] for i in group["AutoScalingGroups"][0]["Instances"]}
        draining = {e.text.split()[0] for e in self.stage.drainings() if e.text.endswith("DRAINING")}
        for instance in self.stage.instances:
            if instance not in states:
                yield "·"
            elif states[instance] == "InService":
                yield "●"
            else:
                yield "◐" if instance in draining else "◌"

    def _news(self) -> str:
        notices = [call for call in self.stage.aws.requests.calls if call.operation == "Publish"]
        new, self.told = notices[self.told :], len(notices)
        numbers = {instance: f"instance {n}" for n, instance in enumerate(self.stage.instances, 1)}
        texts = []
        for call in new:
            text = str(call.parameters["Subject"]).removeprefix("ecs-drainer: ")
            for instance, name in numbers.items():
                text = text.replace(instance, name)
            texts.append(text)
        return f"   {'; '.join(texts)}" if texts else ""


def _passed(stage: Stage, now: datetime) -> str:
    seconds = int((now - stage.began_at).total_seconds())
    return f"{seconds // 60:02}:{seconds % 60:02}"


def _sum_up(stage: Stage) -> int:
    store, consumer = stage.sample(Store), stage.sample(Consumer)
    # A job whose consumer was stopped comes back once its visibility timeout is over.
    stage.aws.clock.advance(900)
    refused, left, killed = store.refused, consumer.waiting, stage.tasks_killed
    went_right = not (refused or left or killed or slots_held(stage) or set(stage.outcomes) != {"drained"})
    print(
        f"\n{len(stage.outcomes)} drains ended: {', '.join(sorted(set(stage.outcomes)))}. "
        f"The store had {store.fewest} of {store.members} members in sync at the least, "
        f"and refused {refused} writes.\n"
        f"{consumer.handled} jobs were handled, {left} are left; {killed} tasks were killed with their instance.",
        flush=True,
    )
    print("Quorum held throughout." if went_right else "IT WENT WRONG.", flush=True)
    return 0 if went_right else 1


if __name__ == "__main__":
    sys.exit(main())
