"""The ECS API of services, and what moto's clusters and attributes lack."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult

from embedded_aws.ecs import target_groups, views
from embedded_aws.ecs.api import EcsApi
from embedded_aws.ecs.errors import ClientError, InvalidParameter, require_at_most, require_some
from embedded_aws.ecs.query import compile_query

KEPT = (
    "loadBalancers", "serviceRegistries", "launchType", "capacityProviderStrategy", "platformVersion",
    "deploymentConfiguration", "placementConstraints", "placementStrategy", "networkConfiguration",
    "healthCheckGracePeriodSeconds", "deploymentController", "enableECSManagedTags", "propagateTags",
    "enableExecuteCommand", "availabilityZoneRebalancing",
)  # fmt: skip
"""Parameters that a service keeps and DescribeServices repeats."""


class ServiceApi(EcsApi):
    """Handlers of the service operations."""

    def create_service(self) -> ActionResult:
        """CreateService: REPLICA or DAEMON, on container instances."""
        cluster, settings = self._get_param("cluster", "default"), self.given(*KEPT)
        definition = self._get_param("taskDefinition")
        if not definition:
            raise InvalidParameter("TaskDefinition cannot be empty.")
        self._check(settings, self.backend.describe_task_definition(definition))
        desired = self._get_int_param("desiredCount")
        if self._get_param("schedulingStrategy") == "DAEMON" and desired is not None:
            raise InvalidParameter(
                "The daemon scheduling strategy does not support a desired count for services."
            )
        service = self.backend.create_service(
            cluster,
            self._get_param("serviceName"),
            desired,
            definition,
            **settings,
            **self.given("schedulingStrategy", "tags"),
        )
        return ActionResult({"service": views.service(service, with_tags=True)})

    def update_service(self) -> ActionResult:
        """UpdateService: another task definition, or forceNewDeployment, rolls within the percentages."""
        changes = self.given(*KEPT, "taskDefinition", "forceNewDeployment")
        desired = self._get_int_param("desiredCount")
        service = self.backend.service(self.asked_cluster, self._get_param("service"))
        definition = changes.get("taskDefinition") or service.primary.definition.arn
        self._check(changes, self.backend.describe_task_definition(definition))
        if desired is not None:
            changes["desiredCount"] = desired
        changed = self.backend.change_service(self.asked_cluster.arn, service.name, changes)
        return ActionResult({"service": views.service(changed)})

    def delete_service(self) -> ActionResult:
        """DeleteService: DRAINING while its tasks stop, then INACTIVE."""
        service = self.backend.delete_service(
            self._get_param("cluster", "default"),
            self._get_param("service"),
            bool(self._get_param("force", False)),
        )
        return ActionResult({"service": views.service(service)})

    def describe_services(self) -> ActionResult:
        """DescribeServices: at most 10; unknown ones are failures with the reason MISSING."""
        names, cluster = self.items("services"), self.asked_cluster
        require_some(names, "Services")
        require_at_most(10, names, "Services")
        services, failures = self.backend.describe_services(cluster.arn, names)
        with_tags = self.wants("TAGS")
        described = [views.service(service, with_tags=with_tags) for service in services]
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

    def _check(self, settings: dict[str, Any], definition: Any) -> None:
        if settings.get("launchType") not in (None, "EC2"):
            kind = settings["launchType"]
            raise InvalidParameter(
                f"launchType {kind} isn't simulated: the embedded ECS has container instances only"
            )
        for rule in settings.get("placementConstraints") or ():
            if rule["type"] == "memberOf":
                compile_query(rule.get("expression") or "")
        for balancer in settings.get("loadBalancers") or ():
            self._check_balancer(balancer, definition)

    def _check_balancer(self, balancer: dict[str, Any], definition: Any) -> None:
        arn, name = balancer.get("targetGroupArn", ""), balancer.get("containerName")
        if target_groups.find(arn, self.current_account, self.region) is None:
            raise InvalidParameter(f"The specified target group does not exist: {arn}")
        for container in definition.container_definitions:
            ports = [mapping["containerPort"] for mapping in container.get("portMappings") or ()]
            if container["name"] == name and balancer.get("containerPort") in ports:
                return
        raise InvalidParameter(
            f"The container {name} has no port {balancer.get('containerPort')} in the task definition."
        )
