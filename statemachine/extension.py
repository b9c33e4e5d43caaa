"""Teaches the chalice command to deploy a CloudFormation stack with the app, once `install()` was called.

`app.py` calls it when `AWS_CHALICE_CLI_MODE` is set, which the chalice command does before importing it. By
then `chalice package` is inside `ApplicationGraphBuilder.build` already, and `chalice deploy` has made its
stages: so what is added and wrapped are methods, on their classes, and never functions or instances.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from chalice import __version__ as chalice_version
from chalice.awsclient import TypedAWSClient
from chalice.deploy.appgraph import ApplicationGraphBuilder
from chalice.deploy.deployer import BaseDeployStep, BuildStage, DeploymentReporter, PolicyGenerator
from chalice.deploy.executor import Executor
from chalice.deploy.packager import LambdaDeploymentPackager
from chalice.deploy.planner import PlanStage
from chalice.deploy.sweeper import ResourceSweeper
from chalice.package import SAMTemplateGenerator, TemplateGenerator

from statemachine import client_methods, graph, packaging, planning, policies, zipping
from statemachine.refusal import DeploymentRefused


def _names_in_policies(config: Any) -> policies.Names:
    stage = config.config_from_disk.get("stages", {}).get(config.chalice_stage, {})
    parameters = stage.get("stack_parameters", {})
    return policies.names_in_policies(policies.names(config), parameters, config.environment_variables)


def _policy_with_names(original: Any, step: Any, config: Any, resource: Any) -> None:
    original(step, config, resource)
    resource.document = policies.rendered(resource.document, _names_in_policies(config))


def _read_stack(_step: Any, _config: Any, resource: graph.CloudFormationStack) -> None:
    resource.read()


WRAPPED: dict[tuple[Any, str], Callable[..., Any]] = {
    (ApplicationGraphBuilder, "_create_lambda_event_resources"): graph.stack_and_events,
    (PolicyGenerator, "handle_filebasediampolicy"): _policy_with_names,
    (LambdaDeploymentPackager, "create_deployment_package"): zipping.reproducible_package,
    (PlanStage, "_create_cloudwatchevent"): planning.plan_event_rule,
    (SAMTemplateGenerator, "_generate_cloudwatchevent"): packaging.add_retries,
    (SAMTemplateGenerator, "_generate_scheduledevent"): packaging.add_retries,
}
"""Chalice's methods that ours go around: each of ours gets the original first."""

ADDED: dict[tuple[Any, str], Callable[..., Any]] = {
    (PolicyGenerator, "handle_cloudformationstack"): _read_stack,
    (PlanStage, "_plan_cloudformationstack"): planning.plan_stack,
    (ResourceSweeper, "_delete_cloudformation_stack"): planning.delete_instructions,
    (DeploymentReporter, "_report_cloudformation_stack"): planning.report_stack,
    (SAMTemplateGenerator, "_generate_cloudformationstack"): packaging.add_stack,
    (TypedAWSClient, "deploy_cloudformation_stack"): client_methods.deploy_cloudformation_stack,
    (TypedAWSClient, "delete_cloudformation_stack"): client_methods.delete_cloudformation_stack,
    (TypedAWSClient, "refuse_if_stack_is_protected"): client_methods.refuse_if_stack_is_protected,
    (TypedAWSClient, "connect_rule_with_retries"): client_methods.connect_rule_with_retries,
}
"""Methods that Chalice looks up by the class name, or the recorded type, of the new resource."""

RELIED_UPON: dict[tuple[Any, str], tuple[str, ...]] = {
    (ApplicationGraphBuilder, "_create_lambda_event_resources"): (
        "self",
        "config",
        "deployment",
        "stage_name",
    ),
    (PolicyGenerator, "handle_filebasediampolicy"): ("self", "config", "resource"),
    (LambdaDeploymentPackager, "create_deployment_package"): ("self", "project_dir", "python_version"),
    (PlanStage, "_create_cloudwatchevent"): ("self", "resource"),
    (PlanStage, "execute"): ("self", "resources"),
    (BuildStage, "execute"): ("self", "config", "resources"),
    (BaseDeployStep, "handle"): ("self", "config", "resource"),
    (Executor, "_do_apicall"): ("self", "instruction"),
    (ResourceSweeper, "_plan_deletion"): ("self", "remaining", "deployed"),
    (DeploymentReporter, "_default_report"): ("self", "resource", "report"),
    (TemplateGenerator, "dispatch"): ("self", "resource", "template"),
    (SAMTemplateGenerator, "_generate_cloudwatchevent"): ("self", "resource", "template"),
    (SAMTemplateGenerator, "_generate_scheduledevent"): ("self", "resource", "template"),
    (TypedAWSClient, "connect_rule_to_lambda"): ("self", "rule_name", "function_arn"),
    (TypedAWSClient, "_client"): ("self", "service_name"),
}
"""The seams of Chalice that all this hangs on, with the parameters they have from 1.29 to 1.34 at least."""


def install() -> None:
    """Teach this process's Chalice the stack; again is harmless.

    Raises:
        DeploymentRefused: this Chalice has moved something that the extension hangs on.
    """
    if hasattr(PlanStage, "_plan_cloudformationstack"):
        return
    if moved := list(moved_seams()):
        raise DeploymentRefused(
            f"statemachine/extension.py does not fit Chalice {chalice_version}, and nothing was done.",
            [
                *moved,
                "Install the version that requirements.lock names, or see docs/decisions/deploying.md.",
            ],
        )
    for (owner, name), method in ADDED.items():
        setattr(owner, name, method)
    for (owner, name), around in WRAPPED.items():
        setattr(owner, name, _wrapped(getattr(owner, name), around))


def moved_seams() -> Iterator[str]:
    """Say of each seam of Chalice that is not where and what it was how it differs."""
    for (owner, name), expected in RELIED_UPON.items():
        where = f"{owner.__module__}.{owner.__name__}.{name}"
        method = getattr(owner, name, None)
        if method is None:
            yield f"{where} is gone."
        elif (found := tuple(inspect.signature(method).parameters)) != expected:
            yield f"{where} takes ({', '.join(found)}) and not ({', '.join(expected)})."


def _wrapped(original: Callable[..., Any], around: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def method(*arguments: Any) -> Any:
        return around(original, *arguments)

    return method
