"""The service schedulers: they look again whenever something they depend on has changed.

ECS developer guide, container-instance-draining: PENDING service tasks on a DRAINING instance stop at once, RUNNING
ones are replaced within the service's bounds; tasks that belong to no service are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import compress

from moto.moto_api._internal import mock_random

from embedded_aws.aws import later, now
from embedded_aws.ecs import arithmetic, capacity_providers, events, lifecycle, placement, services
from embedded_aws.ecs.model import (
    ContainerInstance,
    Launch,
    Requirements,
    Service,
    Task,
    nowhere,
    requirements,
)
from embedded_aws.ecs.placement import Refusal
from embedded_aws.ecs.runtime import behaviour
from embedded_aws.ecs.script import read_script
from embedded_aws.ecs.strategies import FARGATE, Strategy


class Scheduler:
    """Keeps the services of one account and Region as they want to be."""

    def __init__(
        self,
        services: dict[str, Service],
        instances_of: Callable[[str], list[ContainerInstance]],
        remember: Callable[[Task], None],
        scales: Callable[[str], bool],
    ) -> None:
        self._services, self._instances_of, self._remember = services, instances_of, remember
        self._scales = scales
        self._woken: set[Service] = set()

    def wake(self, service: Service) -> None:
        """Have the service looked at in this same instant, after what is under way; once, however often woken."""
        if service not in self._woken and service.status != "INACTIVE":
            self._woken.add(service)
            later(0, partial(self._look, service), f"scheduler of {service.name}")

    def wake_cluster(self, cluster_name: str) -> None:
        """Look at every service of a cluster: an instance came, went, or changed its status."""
        capacity_providers.place_waiting(cluster_name, self._instances_of(cluster_name))
        for service in list(self._services.values()):
            if service.cluster.name == cluster_name:
                self.wake(service)

    def task_changed(self, task: Task) -> None:
        """Look at whom the change concerns: its service, starved ones when it made room, daemons when it leaves."""
        if task.last_status == "STOPPED" and task.service is not None:
            task.service.tasks.pop(task.arn, None)
        if task.service is not None:
            self.wake(task.service)
        made_room = task.last_status == "STOPPED"
        if made_room:
            capacity_providers.place_waiting(task.cluster.name, self._instances_of(task.cluster.name))
        is_draining = task.instance.status == "DRAINING"
        if not (made_room or is_draining):
            return
        for service in list(self._services.values()):
            is_daemon = service.scheduling_strategy == "DAEMON"
            if service.cluster.name == task.cluster.name and (
                service.is_starved or (is_draining and is_daemon)
            ):
                self.wake(service)

    def _look(self, service: Service) -> None:
        self._woken.discard(service)
        if service.status == "DRAINING":
            self._wind_up(service)
        elif service.scheduling_strategy == "DAEMON":
            self._keep_daemons(service, list(self._instances_of(service.cluster.name)))
        else:
            self._keep_replicas(service)

    def _wind_up(self, service: Service) -> None:
        self._stop(service, [task for task in service.tasks.values() if task.is_live])
        if not service.tasks:
            service.status = "INACTIVE"

    def _keep_replicas(self, service: Service) -> None:
        self._stop(service, _pending_on_draining(service))
        census = take_census(service)
        bounds = arithmetic.Bounds.of(service.desired_count, *service.percents)
        counts = behaviour().stopping_counts_towards_maximum
        plan = arithmetic.plan(census, bounds, stopping_counts=counts)
        self._stop(service, plan.stops)
        instances = self._instances_of(service.cluster.name) if plan.starts else ()
        self._start(service, [None] * plan.starts, list(instances))
        _settle(service, take_census(service) if plan.stops or plan.starts else census)

    def _keep_daemons(self, service: Service, instances: list[ContainerInstance]) -> None:
        plan = arithmetic.plan_daemons(service, instances)
        service.desired_count = plan.desired
        self._stop(service, plan.stops)
        self._start(service, plan.starts, instances)
        _settle(service, take_census(service))

    def _stop(self, service: Service, tasks: list[Task]) -> None:
        for task in tasks:
            reason = f"Scaling activity initiated by (deployment {service.primary.id})"
            lifecycle.stop(task, "ServiceSchedulerInitiated", reason)
        if tasks:
            service.say(f"has stopped {len(tasks)} running tasks: {_named(tasks)}.")
            events.service_acted(service, "TASKS_STOPPED")

    def _start(
        self, service: Service, places: Iterable[ContainerInstance | None], instances: list[ContainerInstance]
    ) -> None:
        """Start a task for each place; None leaves the choice to the placement strategy."""
        started: list[Task] = []
        service.is_starved = False
        for place in places:
            there = instances if place is None else [place]
            outcome = self.launch(service.launch(), there, service.provider_strategy)
            if isinstance(outcome, Refusal):
                service.is_starved = True
                services.say_refused(service, outcome)
                if place is None:
                    break  # the next one would be refused for the same reason
                continue
            started.append(outcome)
        if started:
            service.last_refusal = None if not service.is_starved else service.last_refusal
            service.say(f"has started {len(started)} tasks: {_named(started)}.")

    def launch(
        self, info: Launch, instances: Iterable[ContainerInstance], strategy: Strategy = ()
    ) -> Task | Refusal:
        """Place one task on one of the instances and start it, or say why it can't be.

        By a capacity provider strategy it goes to its provider's instances alone, and waits for one if one may come.
        """
        siblings = info.service.tasks.values() if info.service else ()
        places = capacity_providers.places(info, strategy, siblings, instances) if strategy else instances
        needs = requirements(info.definition)
        found = placement.find(info, needs, places)
        is_fargate = info.capacity_provider in FARGATE
        waits = isinstance(found, Refusal) and (is_fargate or capacity_providers.may_wait(info, self._scales))
        if isinstance(found, Refusal) and not waits:
            return found
        place = nowhere(info.cluster) if isinstance(found, Refusal) else found
        task = self._made(info, place, needs)
        if waits and not is_fargate:
            capacity_providers.wait(task)
        else:
            lifecycle.begin(task)
        return task

    def _made(self, info: Launch, place: ContainerInstance, needs: Requirements) -> Task:
        arn = info.cluster.arn.replace(":cluster/", ":task/") + f"/{mock_random.uuid4().hex}"
        script = read_script(info.definition.container_definitions)
        task = Task(arn, place, info, needs, script, now(), self.task_changed)
        if info.service is not None:
            info.service.tasks[arn] = task
        self._remember(task)
        return task


def take_census(service: Service) -> arithmetic.Census:
    """Count the service's tasks as the arithmetic needs them."""
    live = [task for task in service.tasks.values() if task.is_live]
    primary = service.primary.id
    stays = [task.launch.started_by == primary and task.instance.status == "ACTIVE" for task in live]
    return arithmetic.Census(
        desired=service.desired_count,
        kept=list(compress(live, stays)),
        leaving=[task for task, is_kept in zip(live, stays, strict=True) if not is_kept],
        stopping=len(service.tasks) - len(live),
        protected=frozenset(task.arn for task in live if _may_not_stop(task)),
    )


def _may_not_stop(task: Task) -> bool:
    is_draining = task.instance.status == "DRAINING"
    return task.is_protected and (behaviour().draining_respects_protection or not is_draining)


def _pending_on_draining(service: Service) -> list[Task]:
    return [
        task
        for task in service.tasks.values()
        if task.is_live and task.is_pending and task.instance.status == "DRAINING"
    ]


def _settle(service: Service, census: arithmetic.Census) -> None:
    """See whether all is as wanted: then the deployment is complete, and once nothing stops, the state steady."""
    is_complete = not census.leaving and len(census.kept) == census.desired
    if not is_complete or not all(task.is_healthy for task in census.kept):
        service.is_steady = False
        return
    services.complete_deployment(service)
    if census.stopping:
        service.is_steady = False
    else:
        services.become_steady(service)


def _named(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
