"""No task that holds the drain goes unexplained, in any small world."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.explain import BlockerKind, Circumstances, explain
from chalicelib.explain.circumstances import Protection
from docs.gallery.worlds import (
    DAEMON,
    NOW,
    OTHER,
    a_service,
    a_task,
    a_world,
    an_instance,
    home,
    task_arn,
)

KIND = BlockerKind
JUST_BEGUN = {"drain_began_at": NOW - timedelta(minutes=1)}
FULL = (an_instance(cpu=0),)


STATUSES = st.sampled_from(
    [
        ("PENDING", "RUNNING"),
        ("RUNNING", "RUNNING"),
        ("RUNNING", "STOPPED"),
        ("DEACTIVATING", "STOPPED"),
        ("STOPPING", "STOPPED"),
        ("DEPROVISIONING", "STOPPED"),
        ("STOPPED", "STOPPED"),
    ]
)
GROUPS = st.sampled_from(["service:api", "service:logs", "service:gone", "family:report", ""])
WORLDS = st.builds(
    lambda tasks, service, world: a_world(
        a_service(**service),
        DAEMON,
        tasks=tuple(
            a_task(n, group=group, last_status=statuses[0], desired_status=statuses[1])
            for n, (group, statuses) in enumerate(tasks)
        ),
        **world,
    ),
    st.lists(st.tuples(GROUPS, STATUSES), max_size=6),
    st.fixed_dictionaries(
        {
            "desired": st.integers(0, 4),
            "running": st.integers(0, 4),
            "pending": st.integers(0, 2),
            "minimum_percent": st.sampled_from([0, 50, 100]),
            "maximum_percent": st.sampled_from([100, 150, 200]),
            "controller": st.sampled_from(["ECS", "CODE_DEPLOY"]),
        }
    ),
    st.fixed_dictionaries(
        {
            "others": st.sampled_from([(), FULL, (an_instance(OTHER),), (an_instance(status="DRAINING"),)]),
            "instance": st.builds(
                home, status=st.sampled_from(["ACTIVE", "DRAINING"]), agent_connected=st.booleans()
            ),
            "protections": st.sampled_from([{}, {task_arn(0): Protection()}]),
        }
    ),
)


@given(WORLDS)
def test_every_task_that_holds_the_drain_is_explained_and_no_other(world: Circumstances) -> None:
    held = {task.id for task in world.tasks if not task.is_stopped}
    explained = {task for blocker in explain(world, NOW) for task in blocker.tasks}
    assert explained & held == held
    assert explained <= {task.id for task in world.tasks}


@given(WORLDS)
def test_the_order_is_by_importance_and_always_the_same(world: Circumstances) -> None:
    found = explain(world, NOW)
    assert [one.kind.importance for one in found] == sorted(one.kind.importance for one in found)
    assert explain(world, NOW) == found
