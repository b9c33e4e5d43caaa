"""What a service does and tells of itself: deployments, and the placements that fail."""

from __future__ import annotations

from typing import Any

from embedded_aws.aws import now
from embedded_aws.ecs import events
from embedded_aws.ecs.model import Deployment, Service
from embedded_aws.ecs.placement import Refusal

TROUBLESHOOTING = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


def say_refused(service: Service, refusal: Refusal) -> None:
    """Say why a task could not be placed; the same cause is told once until a task can be placed again."""
    if refusal.sentence == service.last_refusal:
        return
    service.last_refusal = refusal.sentence
    none_met = "was unable to place a task because no container instance met all of its requirements."
    service.say(f"{none_met} {refusal.sentence} {TROUBLESHOOTING}")
    events.service_acted(service, "SERVICE_TASK_PLACEMENT_FAILURE", "ERROR", refusal)


def deploy(service: Service, definition: Any) -> None:
    """Make a new primary deployment; the tasks of the old ones are to be replaced."""
    for old in service.deployments:
        old.status = "ACTIVE"
    service.deployments.insert(0, Deployment(definition, now()))
    events.deployment_changed(service, service.primary, "SERVICE_DEPLOYMENT_IN_PROGRESS")


def complete_deployment(service: Service) -> None:
    """Note that the primary deployment has replaced all others."""
    service.deployments = [service.primary]
    if service.primary.rollout_state == "IN_PROGRESS":
        service.primary.rollout_state, service.primary.updated_at = "COMPLETED", now()
        events.deployment_changed(service, service.primary, "SERVICE_DEPLOYMENT_COMPLETED")


def fail_deployment(service: Service) -> None:
    """Have the circuit breaker give the primary deployment up; it stays, as without a rollback."""
    service.primary.rollout_state, service.primary.updated_at = "FAILED", now()
    events.deployment_changed(service, service.primary, "SERVICE_DEPLOYMENT_FAILED")


def become_steady(service: Service) -> None:
    """Say once that all is as wanted."""
    if not service.is_steady:
        service.is_steady = True
        service.say("has reached a steady state.")
        events.service_acted(service, "SERVICE_STEADY_STATE")
