"""Act one, `make demo`: the group is scaled in, and the instance that it chooses is drained."""

from __future__ import annotations

from stories.demo.ending import tell
from stories.demo.play import Play
from stories.world import CLUSTER, GROUP, HOOK, Service

WEB = Service("web", desired=6)
API = Service("api", desired=3, deregistration_delay=30)
DAEMON = Service("log-router", is_daemon=True, has_target_group=False)
REPORT = Service("nightly-report", has_target_group=False, labels={"exits-after": "200"})
"""Ends by itself after the services have left, so that the drain is seen to wait for it."""
DAEMONS = frozenset({DAEMON.name})
STARTS_WITHIN = 10
LIMIT = 30 * 60
"""Virtual seconds for the whole drain, far more than it takes."""

SCALE_IN = f"aws autoscaling set-desired-capacity --auto-scaling-group-name {GROUP} --desired-capacity 2"


def act(play: Play) -> str | None:
    """Build the cluster, scale in, show the drain; returns what went wrong, in a sentence, or None."""
    build(play)
    play.run(SCALE_IN)
    play.follow(lambda: play.drain is not None and play.drain.is_over, LIMIT)
    play.end()
    return tell(play, play.drain)


def build(play: Play) -> None:
    """Make the cluster and what runs on it."""
    world = play.stage.world
    with play.show.doing("a cluster") as done:
        world.build((WEB, API, DAEMON))
        done(f"{CLUSTER}: 3 instances, group {GROUP}, hook {HOOK}")
    with play.show.doing("tasks") as done:
        # The group's zones are filled evenly, so that its default termination policy takes the oldest instance.
        world.start_task(world.instances()[0], REPORT)
        play.stage.wait(STARTS_WITHIN)
        done("6 of web, 3 of api, a daemon, a standalone task")
    play.watch.read()
