"""What the service schedulers may start and stop now, within minimumHealthyPercent and maximumPercent.

Pure: a census in, a plan out. DeploymentConfiguration in the API reference: the lower bound rounds up, the upper
bound rounds down, so that a small service may have no move at all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from embedded_aws.ecs.model import UP_TO_RUNNING, ContainerInstance, Service, Task
from embedded_aws.ecs.query import compile_query


@dataclass(frozen=True)
class Bounds:
    """How many healthy tasks must stay, and how many tasks there may be at most."""

    lower: int
    upper: int

    @classmethod
    def of(cls, desired: int, minimum_percent: int, maximum_percent: int) -> Bounds:
        """Compute ceil(desired x min %) and floor(desired x max %) without rounding errors."""
        return cls(-(-desired * minimum_percent // 100), desired * maximum_percent // 100)


@dataclass(frozen=True)
class Census:
    """A service's tasks: those that stay, those to be replaced, and how many are on their way out.

    `leaving` are tasks on DRAINING instances and tasks of old deployments; `protected` are the ARNs of tasks that
    may not be stopped now.
    """

    desired: int
    kept: list[Task]
    leaving: list[Task]
    stopping: int
    protected: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """The moves that are allowed now, and how many tasks are missing in all."""

    stops: list[Task] = field(default_factory=list)
    starts: int = 0


def plan(census: Census, bounds: Bounds, *, stopping_counts: bool) -> Plan:
    """Choose whom to stop, then how many to start; `stopping_counts`: towards the upper bound."""
    surplus = _surplus(census)
    healthy = sum(task.is_healthy for task in [*census.kept, *census.leaving]) - sum(
        task.is_healthy for task in surplus
    )
    replaced = _replaceable(census, healthy - bounds.lower)
    occupied = len(census.kept) + len(census.leaving) + census.stopping
    if not stopping_counts:
        occupied -= census.stopping + len(surplus) + len(replaced)
    missing = census.desired - (len(census.kept) - len(surplus))
    return Plan([*surplus, *replaced], max(0, min(missing, bounds.upper - occupied)))


def _surplus(census: Census) -> list[Task]:
    """Pick the tasks above the desired count: those not yet healthy first, then from the fullest instance."""
    if len(census.kept) <= census.desired:
        return []
    free = [task for task in census.kept if task.arn not in census.protected]
    chosen: list[Task] = []
    crowd = Counter(task.instance.arn for task in census.kept)
    while free and len(census.kept) - len(chosen) > census.desired:
        task = max(free, key=lambda task: (not task.is_healthy, crowd[task.instance.arn], task.created_at))
        free.remove(task)
        chosen.append(task)
        crowd[task.instance.arn] -= 1
    return chosen


def _replaceable(census: Census, spare: int) -> list[Task]:
    """Pick the leaving tasks that may stop now: unhealthy ones count for nothing, `spare` healthy ones can go."""
    free = [task for task in census.leaving if task.arn not in census.protected]
    unhealthy = [task for task in free if not task.is_healthy]
    healthy = [task for task in free if task.is_healthy]
    healthy.sort(key=lambda task: task.instance.status != "DRAINING")
    return [*unhealthy, *healthy[: max(0, spare)]]


@dataclass(frozen=True)
class DaemonPlan:
    """How many tasks there should be, which to stop, and which instances lack one."""

    desired: int
    stops: list[Task]
    starts: list[ContainerInstance]


def plan_daemons(service: Service, instances: list[ContainerInstance]) -> DaemonPlan:
    """Choose the moves of a daemon service: one task on each instance that fits, the last to leave it.

    ECS developer guide, ecs_services (daemon): the daemon's task is the first on a new instance and the last on one
    that drains. In practice it is stopped when the other tasks have left RUNNING, not when they are STOPPED
    (aws/amazon-ecs-agent issue 3829).
    """
    homes = [instance for instance in instances if _is_home(service, instance)]
    occupied = {task.instance.arn for task in service.tasks.values()}
    return DaemonPlan(
        desired=len(homes),
        stops=[*_bereft(service, homes), *_outdated(service, homes)],
        starts=[home for home in homes if home.agent_connected and home.arn not in occupied],
    )


def _is_home(service: Service, instance: ContainerInstance) -> bool:
    rules = [
        *(service.settings.get("placementConstraints") or ()),
        *service.primary.definition.placement_constraints,
    ]
    return instance.status == "ACTIVE" and all(
        compile_query(rule["expression"])(instance) for rule in rules if rule["type"] == "memberOf"
    )


def _bereft(service: Service, homes: list[ContainerInstance]) -> list[Task]:
    """Return the tasks that have outlived the others on their DRAINING instance, or whose instance fits no more."""
    return [
        task
        for task in service.tasks.values()
        if task.is_live and task.instance not in homes and not _has_company(task.instance)
    ]


def _has_company(instance: ContainerInstance) -> bool:
    if instance.status != "DRAINING":
        return False
    return any(task.last_status in UP_TO_RUNNING and not _is_daemon(task) for task in instance.tasks.values())


def _is_daemon(task: Task) -> bool:
    return task.service is not None and task.service.scheduling_strategy == "DAEMON"


def _outdated(service: Service, homes: list[ContainerInstance]) -> list[Task]:
    """Return the tasks of old deployments that the lower bound lets go; their successors follow them."""
    live = [task for task in service.tasks.values() if task.is_live and task.instance in homes]
    bounds = Bounds.of(len(homes), *service.percents)
    old = [task for task in live if task.launch.started_by != service.primary.id]
    spare = sum(task.is_healthy for task in live) - bounds.lower
    unhealthy = [task for task in old if not task.is_healthy]
    healthy = [task for task in old if task.is_healthy]
    return [*unhealthy, *healthy[: max(0, spare)]]
