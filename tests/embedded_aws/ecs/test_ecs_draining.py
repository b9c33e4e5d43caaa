"""What DRAINING does to each kind of task (developer guide, container-instance-draining)."""

from datetime import datetime, timedelta
from typing import Any

from embedded_aws.ecs import behaviour
from tests.embedded_aws.ecs.cluster import Cluster, cluster_of


def statuses(tasks: list[dict[str, Any]]) -> list[str]:
    return sorted(task["lastStatus"] for task in tasks)


def of_group(world: Cluster, arn: str, group: str) -> list[dict[str, Any]]:
    return [task for task in world.everything_on(arn) if task["group"] == group]


def standard_world(world: Cluster) -> str:
    """Nine tasks behind a load balancer on three instances; returns the first one's container instance."""
    world.define(port=0)
    world.serve("web", 9, loadBalancers=world.balanced(world.target_group(delay=60)))
    return world.arn(world.ids[0])


def test_three_tasks_behind_a_load_balancer_are_stopped_exactly_128_seconds_after_draining() -> None:
    """45 s until the replacements are healthy, 60 s of deregistration, 20 s to stop, 3 s to deprovision."""
    with cluster_of(3) as world:
        arn = standard_world(world)
        since: datetime = world.aws.clock.now()
        world.set_status(arn)
        world.advance(127.9)
        assert statuses(world.everything_on(arn)) == ["DEPROVISIONING"] * 3
        world.advance(0.1)
        assert [task["stoppedAt"] - since for task in world.everything_on(arn)] == [
            timedelta(seconds=128)
        ] * 3
        assert world.service("web")["runningCount"] == 9


def test_the_instance_counts_no_task_while_all_of_them_still_serve() -> None:
    """ContainerInstance, runningTasksCount: by desired status, so it drops at DEACTIVATING: a trap."""
    with cluster_of(3) as world:
        arn = standard_world(world)
        world.set_status(arn)
        world.advance(46)
        assert world.describe_instance(arn)["runningTasksCount"] == 0
        assert world.tasks(containerInstance=arn) == []
        assert statuses(world.everything_on(arn)) == ["DEACTIVATING"] * 3


def test_nothing_new_is_placed_on_a_draining_instance() -> None:
    with cluster_of(2) as world:
        world.define()
        world.set_status(world.arn(world.ids[0]))
        world.serve("api", 4)
        assert {task["containerInstanceArn"] for task in world.tasks()} == {world.arn(world.ids[1])}


def test_a_pending_service_task_is_stopped_at_once_whatever_the_bounds() -> None:
    """Developer guide: service tasks in PENDING are stopped immediately."""
    with cluster_of(1) as world:
        world.define(script={"healthy-after": 300})
        world.serve("api", 1, (100, 100))
        arn = world.arn(world.ids[0])
        assert world.tasks()[0]["lastStatus"] == "PENDING"
        world.set_status(arn)
        world.advance(3)
        assert statuses(world.everything_on(arn)) == ["STOPPED"]


def test_standalone_tasks_are_left_alone() -> None:
    """API reference, UpdateContainerInstancesState: PENDING or RUNNING tasks that belong to no service stay."""
    with cluster_of(1) as world:
        world.define()
        arn = world.arn(world.ids[0])
        running = world.run()
        world.advance(60)
        started = world.ecs.start_task(cluster="web", taskDefinition="app", containerInstances=[arn])[
            "tasks"
        ][0]
        world.set_status(arn)
        world.advance(3600)
        assert statuses(world.describe([running, started["taskArn"]])) == ["RUNNING", "RUNNING"]


def test_the_daemon_is_stopped_when_the_others_have_left_running() -> None:
    """Its task is the last to go, yet it doesn't wait for them to be STOPPED (amazon-ecs-agent issue 3829)."""
    with cluster_of(3) as world:
        arn = standard_world(world)
        world.define("logs")
        world.serve("logs", None, schedulingStrategy="DAEMON", taskDefinition="logs")
        world.set_status(arn)
        world.advance(44)
        assert statuses(of_group(world, arn, "service:logs")) == ["RUNNING"]
        world.advance(1 + 23)
        assert statuses(of_group(world, arn, "service:logs")) == ["STOPPED"]
        assert statuses(of_group(world, arn, "service:web")) == ["DEACTIVATING"] * 3
        world.advance(60)
        assert statuses(world.everything_on(arn)) == ["STOPPED"] * 4
        assert world.service("logs")["desiredCount"] == 2


def test_the_daemon_stays_with_a_standalone_task() -> None:
    with cluster_of(1) as world:
        world.define(script={"exits-after": 400})
        world.define("logs")
        world.serve("logs", None, schedulingStrategy="DAEMON", taskDefinition="logs")
        batch, arn = world.run(), world.arn(world.ids[0])
        world.set_status(arn)
        world.advance(404)
        assert statuses(world.everything_on(arn)) == ["RUNNING", "RUNNING"]
        world.advance(1 + 23)
        assert statuses(world.everything_on(arn)) == ["STOPPED", "STOPPED"]
        assert world.task(batch)["stopCode"] == "EssentialContainerExited"


def test_set_back_to_active_a_stopping_task_goes_on_stopping_and_new_ones_may_come() -> None:
    """API reference: an instance set ACTIVE again takes tasks again; a stop can't be taken back."""
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 4, (50, 100))
        arn = world.arn(world.ids[0])
        world.set_status(arn)
        world.advance(1)
        assert statuses(world.everything_on(arn)) == ["STOPPING", "STOPPING"]
        world.set_status(arn, "ACTIVE")
        world.advance(120)
        assert statuses(world.everything_on(arn)) == ["RUNNING", "RUNNING", "STOPPED", "STOPPED"]
        assert world.service("api")["runningCount"] == 4


def test_back_to_active_before_anything_has_stopped_moves_no_task() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 2, (100, 200))
        arn = world.arn(world.ids[0])
        before = [task["taskArn"] for task in world.tasks(containerInstance=arn)]
        world.set_status(arn)
        world.advance(10)
        world.set_status(arn, "ACTIVE")
        world.advance(120)
        assert [task["taskArn"] for task in world.tasks(containerInstance=arn)] == before
        assert world.service("api")["runningCount"] == 2


def protect(world: Cluster, minutes: int = 30) -> str:
    """Run one protected service task, drain its instance, and return the container instance."""
    world.define()
    world.serve("api", 1)
    task = world.tasks()[0]
    world.ecs.update_task_protection(
        cluster="web", tasks=[task["taskArn"]], protectionEnabled=True, expiresInMinutes=minutes
    )
    world.set_status(task["containerInstanceArn"])
    return str(task["containerInstanceArn"])


def test_a_protected_task_stays_on_a_draining_instance_until_its_protection_ends() -> None:
    """AWS doesn't document it; a roadmap comment says that a protected task gets no SIGTERM."""
    with cluster_of(2) as world:
        arn = protect(world, minutes=30)
        world.advance(30 * 60 - 1)
        assert statuses(world.everything_on(arn)) == ["RUNNING"]
        world.advance(1 + 23)
        assert statuses(world.everything_on(arn)) == ["STOPPED"]


def test_draining_may_be_told_to_ignore_protection() -> None:
    with cluster_of(2) as world:
        behaviour().draining_respects_protection = False
        arn = protect(world, minutes=30)
        world.advance(45 + 23)
        assert statuses(world.everything_on(arn)) == ["STOPPED"]


def test_protection_taken_off_by_hand_lets_the_task_go() -> None:
    with cluster_of(2) as world:
        arn = protect(world)
        world.advance(100)
        task = world.tasks(containerInstance=arn)[0]["taskArn"]
        answer = world.ecs.update_task_protection(cluster="web", tasks=[task], protectionEnabled=False)
        assert answer["protectedTasks"] == [{"taskArn": task, "protectionEnabled": False}]
        world.advance(23)
        assert statuses(world.everything_on(arn)) == ["STOPPED"]


def test_a_service_under_code_deploy_drains_with_the_default_bounds() -> None:
    """DeploymentConfiguration: under CODE_DEPLOY the values can't be customised, and the defaults hold."""
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 1, (100, 100), deploymentController={"type": "CODE_DEPLOY"})
        arn = world.tasks()[0]["containerInstanceArn"]
        world.set_status(arn)
        world.advance(45 + 23)
        assert statuses(world.everything_on(arn)) == ["STOPPED"]


def test_replacements_that_never_get_healthy_hold_the_drain() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 1)
        arn = world.tasks()[0]["containerInstanceArn"]
        world.define(script={"unhealthy": "true"}, healthCheck={"command": ["CMD", "true"]})
        world.ecs.update_service(cluster="web", service="api", taskDefinition="app:2")
        world.advance(60)
        world.set_status(arn)
        world.advance(3600)
        assert statuses(world.everything_on(arn)) == ["RUNNING"]
        assert world.service("api")["deployments"][0]["rolloutState"] == "IN_PROGRESS"
