"""The ECS API of services, and what moto's clusters and attributes lack."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from embedded_aws.aws import now
from embedded_aws.ecs import services, target_groups, views
from embedded_aws.ecs.api import EcsApi
from embedded_aws.ecs.errors import ClientError, InvalidParameter
from embedded_aws.ecs.model import Deployment, Service
from embedded_aws.ecs.query import compile_query
from embedded_aws.requests import AwsError

STRATEGY = "capacityProviderStrategy"
KEPT = (
    "loadBalancers", "serviceRegistries", "launchType", "capacityProviderStrategy", "platformVersion",
    "deploymentConfiguration", "placementConstraints", "placementStrategy", "networkConfiguration",
    "healthCheckGracePeriodSeconds", "deploymentController", "enableECSManagedTags", "propagateTags",
    "enableExecuteCommand", "availabilityZoneRebalancing",
)  # fmt: skip
"""Parameters that a service keeps and DescribeServices repeats."""
DEPLOYED_ANEW = ("networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries")
"""UpdateService: a change of one of these, of the task definition, or forceNewDeployment, starts a deployment."""


class ServiceApi(EcsApi):
    """Handlers of the service operations."""

    def create_service(self) -> ActionResult:
        """CreateService: REPLICA or DAEMON, on container instances."""
        cluster, name, settings = self.asked_cluster, self._get_param("serviceName"), self.given(*KEPT)
        definition = self._definition(self._get_param("taskDefinition"), settings)
        desired, strategy = self._get_int_param("desiredCount"), self._get_param("schedulingStrategy")
        if strategy == "DAEMON" and desired is not None:
            raise InvalidParameter(
                "The daemon scheduling strategy does not support a desired count for services."
            )
        existing = self.backend.services.get(f"{cluster.name}:{name}")
        if existing is not None and existing.status != "INACTIVE":
            raise InvalidParameter("Creation of service was not idempotent.")
        if strategy != "DAEMON" and not settings.get("launchType") and not settings.get(STRATEGY):
            settings[STRATEGY] = cluster.default_capacity_provider_strategy or []
        tags = self._get_param("tags") or []
        service = Service(cluster, name, strategy or "REPLICA", desired or 0, settings, tags, now())
        service.deployments.append(Deployment(definition, now()))
        self.backend.services[f"{cluster.name}:{name}"] = service
        self.backend.scheduler.wake(service)
        return ActionResult({"service": views.service(service, with_tags=True)})

    def update_service(self) -> ActionResult:
        """UpdateService: another task definition, or forceNewDeployment, rolls within the percentages."""
        service = self.backend.service(self.asked_cluster, self._get_param("service"))
        old, settings = service.primary.definition, self.given(*KEPT)
        definition = self._definition(self._get_param("taskDefinition") or old.arn, settings)
        if service.status != "ACTIVE":
            raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
        anew = [name for name in DEPLOYED_ANEW if name in settings]
        differs = any(settings[name] != service.settings.get(name) for name in anew)
        if self._get_param("forceNewDeployment") or definition is not old or differs:
            services.deploy(service, definition)
        if service.scheduling_strategy == "REPLICA":
            service.desired_count = self._get_int_param("desiredCount", service.desired_count)
        service.settings.update(settings)
        if settings.get(STRATEGY):  # an empty one brings it back to its launch type
            service.settings.pop("launchType", None)
        self.backend.scheduler.wake(service)
        return ActionResult({"service": views.service(service)})

    def delete_service(self) -> ActionResult:
        """DeleteService: DRAINING while its tasks stop, then INACTIVE; `force` if it still wants any."""
        service = self.backend.service(self.asked_cluster, self._get_param("service"))
        is_wanted = service.scheduling_strategy == "REPLICA" and service.desired_count
        if is_wanted and not self._get_param("force", False):
            raise InvalidParameter("The service cannot be stopped while it is scaled above 0.")
        service.desired_count, service.status = 0, "DRAINING"
        self.backend.scheduler.wake(service)
        return ActionResult({"service": views.service(service)})

    def describe_services(self) -> ActionResult:
        """DescribeServices: at most 10; unknown ones are failures with the reason MISSING."""
        names, cluster = self.items("services", "Services", 10), self.asked_cluster
        found, failures = self.backend.describe_services(cluster.arn, names)
        described = [views.service(service, with_tags=self.wants("TAGS")) for service in found]
        return ActionResult({"services": described, "failures": failures})

    def list_services(self) -> ActionResult:
        """ListServices: pages of 10 unless asked for up to 100."""
        cluster, strategy = self.asked_cluster, self._get_param("schedulingStrategy")
        found = [
            service.arn
            for service in self.backend.services.values()
            if service.cluster is cluster
            and service.status != "INACTIVE"
            and strategy in (None, service.scheduling_strategy)
            and self._get_param("launchType") in (None, "EC2")
        ]
        return self.page_of("serviceArns", found, default_size=10)

    def list_clusters(self) -> ActionResult:
        """ListClusters: in pages; INACTIVE clusters are left out."""
        clusters = [cluster.arn for cluster in self.backend.clusters.values() if cluster.status == "ACTIVE"]
        return self.page_of("clusterArns", clusters)

    def create_task_set(self) -> ActionResult:
        """CreateTaskSet: refused, as the EXTERNAL deployment controller isn't simulated."""
        raise ClientError("Task sets aren't simulated: the embedded ECS schedules services by itself")

    def _definition(self, name: str, settings: dict[str, Any]) -> Any:
        """Return moto's task definition, once it and what is said of the service are found to be possible."""
        if not name:
            raise InvalidParameter("TaskDefinition cannot be empty.")
        self.require_ec2()
        self.check_strategy()
        definition = self.backend.describe_task_definition(name)
        for rule in settings.get("placementConstraints") or ():
            if rule["type"] == "memberOf":
                compile_query(rule.get("expression") or "")
        for balancer in settings.get("loadBalancers") or ():
            self._check_balancer(balancer, definition)
        return definition

    def _check_balancer(self, balancer: dict[str, Any], definition: Any) -> None:
        arn, name = balancer.get("targetGroupArn", ""), balancer.get("containerName")
        if target_groups.find(arn) is None:
            raise InvalidParameter(f"The specified target group does not exist: {arn}")
        for container in definition.container_definitions:
            ports = [mapping["containerPort"] for mapping in container.get("portMappings") or ()]
            if container["name"] == name and balancer.get("containerPort") in ports:
                return
        raise InvalidParameter(
            f"The container {name} has no port {balancer.get('containerPort')} in the task definition."
        )
