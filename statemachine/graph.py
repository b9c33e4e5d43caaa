"""The stack as one more Chalice resource: where it stands among the others, and how it is read and checked.

Chalice's deployer knows no CloudFormation stacks and has no hooks, but each of its stages looks up what to do
with a resource by its class name: a new class and a few methods under the right names are all it takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from chalice.deploy import models
from chalice.utils import to_cfn_resource_name

from statemachine import definitions, template
from statemachine.policies import clusters, names
from statemachine.refusal import DeploymentRefused
from statemachine.template import Document, section

TEMPLATE = Path("statemachine", "template.yaml")
RETRY_POLICY = {"MaximumEventAgeInSeconds": 120, "MaximumRetryAttempts": 185}
"""How long EventBridge tries to hand an event over, as often as it can within two minutes.

A lifecycle action is worth little long after it began: what EventBridge gives up goes to the dead-letter
queue, and the reconciler finds the instance.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
"""


@dataclass
class CloudFormationStack(models.ManagedModel):
    """The stack around the state machines, with the functions' ARNs as its parameters."""

    resource_type = "cloudformation_stack"
    stack_name: str
    template_file: Path
    function_names: list[str]
    """Every Lambda function of the app, by the name that `chalice invoke -n` takes."""
    event_functions: list[Any]
    """The models of those functions that have a trigger."""
    parameters: dict[str, str]
    tags: dict[str, str]
    template_bucket: str | None
    searched_clusters: list[str] = field(default_factory=list)
    """The clusters that ECS_DRAINER_CLUSTERS of the stage names; all where it names none."""
    document: Document = field(default_factory=dict)
    """The template with the definitions in place, once the build stage has read and checked it."""

    def dependencies(self) -> list[Any]:
        """Return the functions that come with a trigger; all others stand before the stack as it is."""
        return list(self.event_functions)

    def read(self) -> None:
        """Read the template and its definitions, and check both, before anything of AWS is touched.

        Raises:
            DeploymentRefused: with a sentence for each thing that is wrong.
        """
        document = template.load(self.template_file)
        self._refuse_unknown_parameters(section(document, "Parameters"))
        self._refuse_wrong_parameters(section(document, "Parameters"))
        if "DeadLetterQueueArn" not in section(document, "Outputs"):
            raise DeploymentRefused(
                f"{self.template_file.name} has no output DeadLetterQueueArn, which the event rules need."
            )
        self.document = definitions.inlined(document, self.template_file.parent, set(self.function_names))

    def function_parameters(self) -> dict[str, str]:
        """Return which function each parameter of the template stands for (`LookFunctionArn` for `look`)."""
        declared = section(self.document, "Parameters")
        return {
            parameter: name for name in self.function_names if (parameter := parameter_of(name)) in declared
        }

    def literal_parameters(self) -> dict[str, str]:
        """Return the template's other parameters that the app or the stage's configuration gives."""
        declared = section(self.document, "Parameters")
        return {name: value for name, value in self.parameters.items() if name in declared}

    def _refuse_unknown_parameters(self, declared: Document) -> None:
        known = {parameter_of(name) for name in self.function_names}
        wrong = [
            f"{self.template_file.name} asks for {name}, and app.py has no function of that name."
            for name in declared
            if name.endswith("FunctionArn") and name not in known
        ] + [
            f"stack_parameters in .chalice/config.json gives {name}, which {self.template_file.name} does "
            f"not declare; it declares {', '.join(sorted(declared))}."
            for name in self.parameters
            if name not in declared and name not in ("AppName", "Stage")
        ]
        if wrong:
            raise DeploymentRefused("Nothing was deployed, because template and app do not fit:", wrong)

    def _refuse_wrong_parameters(self, declared: Document) -> None:
        """CloudFormation would find it as well, once functions and roles were changed."""
        wrong = [
            f"stack_parameters in .chalice/config.json gives {name} {value!r}: "
            f"expected {spec['ConstraintDescription']}."
            for name, value in self.parameters.items()
            if "AllowedPattern" in (spec := declared.get(name, {}))
            and not re.fullmatch(spec["AllowedPattern"], str(value))
        ] + self._clusters_out_of_reach()
        if wrong:
            raise DeploymentRefused("Nothing was deployed, because a stack parameter is wrong:", wrong)

    def _clusters_out_of_reach(self) -> list[str]:
        """Say which clusters a stage looks in without being granted them, or that it looks in all of them."""
        granted, looked_in = clusters(self.parameters), self.searched_clusters or ["*"]
        names = [cluster.rsplit("/", 1)[-1] for cluster in looked_in]
        return [
            "stack_parameters in .chalice/config.json gives Clusters "
            f"{', '.join(granted)}, and the stage looks in {'all clusters' if name == '*' else name}: "
            "expected ECS_DRAINER_CLUSTERS to name clusters of those only."
            for name in names
            if not any(fnmatchcase(name, pattern) for pattern in granted)
        ]


def parameter_of(function_name: str) -> str:
    """Return the template parameter that takes a function's ARN: `PlanDrainFunctionArn` for `plan_drain`."""
    return f"{to_cfn_resource_name(function_name)}FunctionArn"


def stack_and_events(original: Any, builder: Any, config: Any, deployment: Any, stage_name: str) -> list[Any]:
    """Return the app's event sources with the stack before them, so that no rule fires into a void."""
    events = original(builder, config, deployment, stage_name)
    functions = [event.lambda_function for event in events]
    pure = [function.name for function in config.chalice_app.pure_lambda_functions]
    clusters_setting = _environment(config, stage_name).get("ECS_DRAINER_CLUSTERS", "")
    stack = CloudFormationStack(
        resource_name="stack",
        stack_name=f"{config.app_name}-{stage_name}",
        template_file=Path(config.project_dir) / TEMPLATE,
        function_names=[*pure, *(function.resource_name for function in functions)],
        event_functions=functions,
        parameters={**_configured(config, stage_name, "stack_parameters", {}), **names(config)},
        tags=dict(config.tags or {}),
        template_bucket=_configured(config, stage_name, "template_bucket", None),
        searched_clusters=re.findall(r"[^\s,]+", clusters_setting),
    )
    return [stack, *events]


def _environment(config: Any, stage_name: str) -> dict[str, str]:
    everywhere = config.config_from_disk.get("environment_variables", {})
    return {**everywhere, **_configured(config, stage_name, "environment_variables", {})}


def _configured(config: Any, stage_name: str, setting: str, default: Any) -> Any:
    """Return a setting of the stage that Chalice itself does not know."""
    return config.config_from_disk.get("stages", {}).get(stage_name, {}).get(setting, default)
