"""Stories of services: no room for a replacement, or replacements that don't come up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chalicelib.common.services import Constraint, Deployment, ServiceEvent, TaskDefinition
from chalicelib.explain.blocker import BlockerKind
from chalicelib.explain.circumstances import Target
from docs.gallery.worlds import (
    BEGAN_AT,
    DEFINITION,
    GROUP,
    NOW,
    TARGET_GROUP,
    THIRD,
    World,
    a_service,
    a_task,
    a_world,
    an_instance,
    elsewhere,
    home,
)

NO_PLACE = (
    "(service api) was unable to place a task because no container instance met all of its requirements. "
)
SICK_GROUP = replace(
    GROUP, healthy=1, others=(Target("i-0bbbbbbbbbbbbbbbb:32768", "unhealthy", "Target.Timeout"),)
)


ROOM = (
    World(
        BlockerKind.DEADLOCK,
        "Four services were made with both percents at 100, in the belief that this is the safest setting.",
        a_world(
            *(a_service(name=name, maximum_percent=100) for name in ("api", "billing", "cart", "search")),
            tasks=tuple(
                a_task(n, service) for n, service in enumerate(("api", "billing", "cart", "search"), 1)
            ),
        ),
    ),
    World(
        BlockerKind.NO_OTHER_INSTANCE,
        "The only container instance of the cluster is drained.",
        a_world(others=()),
    ),
    World(
        BlockerKind.ALL_DRAINING,
        "An instance refresh terminates every instance of the group at once.",
        a_world(others=(an_instance(status="DRAINING"), an_instance(THIRD, status="DRAINING"))),
    ),
    World(
        BlockerKind.NO_CPU,
        "The other instances are nearly full.",
        a_world(others=(an_instance(cpu=128), an_instance(THIRD, cpu=64))),
    ),
    World(
        BlockerKind.NO_MEMORY,
        "The task is larger than any instance that is left.",
        a_world(task_definitions={DEFINITION: TaskDefinition(cpu=512, memory=7600)}),
    ),
    World(
        BlockerKind.NO_GPU,
        "The only other instance with a GPU uses it.",
        a_world(task_definitions={DEFINITION: TaskDefinition(cpu=512, memory=512, gpus=1)}),
    ),
    World(
        BlockerKind.NO_PORT,
        "Every task publishes host port 8080, and the other instance has one already.",
        a_world(
            task_definitions={DEFINITION: TaskDefinition(cpu=512, memory=512, tcp_ports=frozenset({8080}))},
            others=(an_instance(tcp_ports_in_use=frozenset({22, 8080})),),
        ),
    ),
    World(
        BlockerKind.NO_ENI,
        "Tasks in awsvpc mode need a network interface each, and the other instance has no slot left.",
        a_world(
            a_service(events=(ServiceEvent(NOW, NO_PLACE + 'Reason: encountered error "RESOURCE:ENI".'),)),
            task_definitions={DEFINITION: TaskDefinition(cpu=512, memory=512)},
        ),
    ),
    World(
        BlockerKind.DISTINCT_INSTANCE,
        "Two tasks, two instances, and a constraint that keeps them apart.",
        a_world(a_service(constraints=(Constraint("distinctInstance"),), tasks=(elsewhere(),))),
    ),
    World(
        BlockerKind.MEMBER_OF,
        "The service is bound to an instance type that the other instance hasn't.",
        a_world(a_service(constraints=(Constraint("memberOf", "attribute:ecs.instance-type =~ g5.*"),))),
    ),
    World(
        BlockerKind.MISSING_ATTRIBUTE,
        "The task needs the capability to read secrets from SSM, which the other instance's old agent lacks.",
        a_world(
            instance=home(attributes={"ecs.capability.secrets.ssm.bootstrap.log-driver": ""}),
            task_definitions={
                DEFINITION: TaskDefinition(
                    512, 512, attributes={"ecs.capability.secrets.ssm.bootstrap.log-driver": ""}
                )
            },
        ),
    ),
    World(
        BlockerKind.ZONE_PINNED,
        "The task's EBS volume is in one Availability Zone, the other instance in another.",
        a_world(
            task_definitions={DEFINITION: TaskDefinition(cpu=512, memory=512, pinned_volumes=("kafka-data",))}
        ),
    ),
)

REPLACEMENTS = (
    World(
        BlockerKind.DEPLOYMENT_FAILED,
        "A release was being rolled out when the drain began, and its circuit breaker gave up.",
        a_world(
            a_service(
                deployments=(
                    Deployment(
                        "ecs-svc/4242424242424242424",
                        rollout_state="FAILED",
                        rollout_state_reason="tasks failed to start.",
                        failed_tasks=10,
                        desired=2,
                        created_at=BEGAN_AT,
                    ),
                )
            )
        ),
    ),
    World(
        BlockerKind.START_IMPAIRED,
        "Replacements die at once: the image's tag is gone from the registry.",
        a_world(
            a_service(
                events=(
                    ServiceEvent(NOW, "(service api) is unable to consistently start tasks successfully."),
                ),
                tasks=(
                    elsewhere(
                        last_status="STOPPED",
                        desired_status="STOPPED",
                        stop_code="TaskFailedToStart",
                        stopped_reason="CannotPullContainerError: manifest for api:42 not found",
                    ),
                ),
            )
        ),
    ),
    World(
        BlockerKind.UNHEALTHY_REPLACEMENT,
        "The replacement runs, and its target fails the load balancer's health check.",
        a_world(
            a_service(running=4, target_group_arns=(TARGET_GROUP,)),
            target_groups={TARGET_GROUP: SICK_GROUP},
        ),
    ),
    World(
        BlockerKind.DEPLOYMENT_UNSETTLED,
        "A deployment goes on for half an hour, and its tasks keep failing.",
        a_world(
            a_service(
                deployments=(
                    Deployment(
                        "ecs-svc/4242424242424242424",
                        rollout_state="IN_PROGRESS",
                        failed_tasks=7,
                        desired=2,
                        running=1,
                        created_at=NOW - timedelta(minutes=30),
                    ),
                )
            )
        ),
    ),
    World(
        BlockerKind.FIXED_PERCENTS,
        "CodeDeploy owns the service's deployments, and no replacement has started.",
        a_world(a_service(controller="CODE_DEPLOY")),
    ),
)
