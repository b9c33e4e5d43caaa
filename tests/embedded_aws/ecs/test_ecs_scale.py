"""Two hundred tasks on one instance: right, and quick."""

from time import perf_counter

from tests.embedded_aws.ecs.cluster import cluster_of


def test_two_hundred_tasks_leave_one_instance_within_their_bounds() -> None:
    with cluster_of(1) as world:
        world.define(cpu=1, memory=4)
        world.serve("api", 200)
        world.add_instance()
        world.advance(60)
        arn = world.arn(world.ids[0])
        begun = perf_counter()
        world.set_status(arn)
        world.advance(45 + 23)
        took = perf_counter() - begun
        assert [task["lastStatus"] for task in world.everything_on(arn)] == ["STOPPED"] * 200
        assert world.service("api")["runningCount"] == 200
        assert took < 15, "a minute of two hundred tasks should take a second or two"
