"""List and describe calls: filters, pages, limits and failures (API reference of ECS)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.ecs import behaviour
from tests.embedded_aws.ecs.cluster import cluster_of


def refusal(call: Any, **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(cluster="web", **parameters)
    return str(caught.value)


class TestListTasks:
    def test_answers_running_ones_unless_asked_and_never_pending_ones(self) -> None:
        """ListTasks, desiredStatus: RUNNING by default; ECS never sets the desired status PENDING."""
        with cluster_of(1) as world:
            world.define()
            first, second = world.run(), world.run()
            world.ecs.stop_task(cluster="web", task=first)
            assert world.ecs.list_tasks(cluster="web")["taskArns"] == [second]
            assert world.ecs.list_tasks(cluster="web", desiredStatus="STOPPED")["taskArns"] == [first]
            assert world.ecs.list_tasks(cluster="web", desiredStatus="PENDING")["taskArns"] == []

    def test_a_container_instance_matches_exactly(self) -> None:
        with cluster_of(2) as world:
            world.define()
            arns = [world.arn(instance_id) for instance_id in world.ids]
            world.ecs.start_task(cluster="web", taskDefinition="app", containerInstances=arns)
            found = world.tasks(containerInstance=arns[0])
            assert [task["containerInstanceArn"] for task in found] == [arns[0]]
            assert world.tasks(containerInstance=arns[0].rsplit("/", 1)[1]) == found
            assert "Referenced container instance was not found" in refusal(
                world.ecs.list_tasks, containerInstance=arns[0][:-1]
            )

    def test_by_service_family_and_starter(self) -> None:
        with cluster_of(1) as world:
            world.define()
            world.define("batch")
            world.serve("api", 2)
            batch = world.run(taskDefinition="batch", startedBy="night")
            deployment = world.service("api")["deployments"][0]["id"]
            assert [task["group"] for task in world.tasks(serviceName="api")] == ["service:api"] * 2
            assert [task["taskArn"] for task in world.tasks(family="batch")] == [batch]
            assert [task["taskArn"] for task in world.tasks(startedBy="night")] == [batch]
            assert len(world.tasks(startedBy=deployment)) == 2
            assert world.task(batch)["group"] == "family:batch"

    def test_comes_in_pages_of_a_hundred(self) -> None:
        with cluster_of(1) as world:
            world.define(cpu=1, memory=4)
            world.serve("api", 150)
            first = world.ecs.list_tasks(cluster="web")
            second = world.ecs.list_tasks(cluster="web", nextToken=first["nextToken"])
            assert (len(first["taskArns"]), len(second["taskArns"])) == (100, 50)
            assert "nextToken" not in second
            assert not set(first["taskArns"]) & set(second["taskArns"])
            assert "Invalid token" in refusal(world.ecs.list_tasks, nextToken="none of ours")
            assert "maxResults" in refusal(world.ecs.list_tasks, maxResults=101)

    def test_may_lag_so_that_a_first_empty_answer_after_draining_is_no_proof(self) -> None:
        """API reference: the ECS API is eventually consistent; a list may not show what was placed just before."""
        with cluster_of(1) as world:
            behaviour().list_tasks_lag_seconds = 4
            world.define()
            arn = world.arn(world.ids[0])
            task = world.run()
            world.set_status(arn)
            assert world.tasks(containerInstance=arn) == []
            assert world.task(task)["lastStatus"] == "PROVISIONING"
            world.advance(4)
            assert [found["taskArn"] for found in world.tasks(containerInstance=arn)] == [task]


class TestListContainerInstances:
    def test_by_status_and_by_filter(self) -> None:
        with cluster_of(3) as world:
            arns = [world.arn(instance_id) for instance_id in world.ids]
            world.set_status(arns[0])
            listed = world.ecs.list_container_instances(cluster="web", status="DRAINING")[
                "containerInstanceArns"
            ]
            assert listed == [arns[0]]
            assert sorted(world.find(f"ec2InstanceId in ['{world.ids[1]}', '{world.ids[2]}']")) == sorted(
                arns[1:]
            )
            assert world.find("ec2InstanceId == i-0000000000000dead") == []
            assert "Invalid filter expression" in refusal(
                world.ecs.list_container_instances, filter="ec2InstanceId ~ 3"
            )

    def test_comes_in_pages(self) -> None:
        with cluster_of(3) as world:
            pages = world.ecs.get_paginator("list_container_instances").paginate(
                cluster="web", PaginationConfig={"PageSize": 2}
            )
            assert [len(page["containerInstanceArns"]) for page in pages] == [2, 1]


class TestLimits:
    @pytest.mark.parametrize(
        ("operation", "parameters", "sentence"),
        [
            ("describe_tasks", {"tasks": ["t"] * 101}, "Tasks can have at most 100 items"),
            (
                "describe_container_instances",
                {"containerInstances": ["c"] * 101},
                "can have at most 100 items",
            ),
            ("describe_services", {"services": ["s"] * 11}, "Services can have at most 10 items"),
            ("update_task_protection", {"tasks": ["t"] * 11, "protectionEnabled": True}, "at most 10 items"),
            ("get_task_protection", {"tasks": ["t"] * 101}, "at most 100 items"),
            (
                "update_container_instances_state",
                {"containerInstances": [f"c{number}" for number in range(11)], "status": "DRAINING"},
                "instanceIds can have at most 10 items",
            ),
            (
                "update_container_instances_state",
                {"containerInstances": ["c"], "status": "INACTIVE"},
                r"Container instance status should be one of \[ACTIVE,DRAINING\]",
            ),
            ("describe_tasks", {"tasks": []}, "Tasks cannot be empty"),
        ],
    )
    def test_are_refused_as_invalid_parameters(self, operation: str, parameters: Any, sentence: str) -> None:
        with (
            cluster_of(0) as world,
            pytest.raises(ClientError, match=f"InvalidParameterException.*{sentence}"),
        ):
            getattr(world.ecs, operation)(cluster="web", **parameters)

    def test_an_unknown_cluster_has_its_own_error(self) -> None:
        with cluster_of(0) as world, pytest.raises(world.ecs.exceptions.ClusterNotFoundException):
            world.ecs.list_tasks(cluster="other")

    def test_without_a_cluster_the_one_named_default_is_meant(self) -> None:
        with cluster_of(0) as world:
            with pytest.raises(world.ecs.exceptions.ClusterNotFoundException):
                world.ecs.list_tasks()
            world.ecs.create_cluster(clusterName="default")
            assert world.ecs.list_tasks()["taskArns"] == []


class TestFailures:
    """An answer with HTTP 200 may hold failures (developer guide, api_failures_messages)."""

    def test_unknown_ones_are_missing(self) -> None:
        with cluster_of(1) as world:
            unknown = world.arn(world.ids[0])[:-4] + "dead"
            for call, name in (
                (world.ecs.describe_container_instances, "containerInstances"),
                (world.ecs.describe_tasks, "tasks"),
                (world.ecs.describe_services, "services"),
            ):
                answer = call(cluster="web", **{name: [unknown]})
                assert answer["failures"] == [{"arn": unknown, "reason": "MISSING"}]
                assert answer[name] == []

    def test_a_change_of_state_says_which_instances_it_left_out(self) -> None:
        with cluster_of(2) as world:
            known, gone = (world.arn(instance_id) for instance_id in world.ids)
            world.ec2.terminate_instances(InstanceIds=[world.ids[1]])
            answer = world.ecs.update_container_instances_state(
                cluster="web", containerInstances=[known, gone, "0" * 32], status="DRAINING"
            )
            assert [instance["status"] for instance in answer["containerInstances"]] == ["DRAINING"]
            assert [failure["reason"] for failure in answer["failures"]] == ["INACTIVE", "MISSING"]

    def test_draining_twice_changes_nothing(self) -> None:
        """Not documented by AWS; here it is no error."""
        with cluster_of(1) as world:
            arn = world.arn(world.ids[0])
            world.set_status(arn)
            version = world.describe_instance(arn)["version"]
            world.set_status(arn)
            assert world.describe_instance(arn)["version"] == version


def test_a_container_instance_shows_what_its_tasks_leave() -> None:
    with cluster_of(1) as world:
        world.define(port=8080, cpu=256, memory=512)
        world.run()
        described = world.describe_instance(world.arn(world.ids[0]))
        registered = {item["name"]: item for item in described["registeredResources"]}
        remaining = {item["name"]: item for item in described["remainingResources"]}
        assert registered["CPU"]["integerValue"] == 2048
        assert remaining["CPU"]["integerValue"] == 2048 - 256
        assert registered["MEMORY"]["integerValue"] - remaining["MEMORY"]["integerValue"] == 512
        assert "8080" in remaining["PORTS"]["stringSetValue"]
        assert (described["runningTasksCount"], described["pendingTasksCount"]) == (1, 1)


def test_a_stopped_task_gives_its_resources_back() -> None:
    with cluster_of(1) as world:
        world.define(port=8080, cpu=256, memory=512)
        before = world.describe_instance(world.arn(world.ids[0]))["remainingResources"]
        task = world.run()
        world.advance(10)
        world.ecs.stop_task(cluster="web", task=task)
        world.advance(22)
        assert world.describe_instance(world.arn(world.ids[0]))["remainingResources"] != before
        world.advance(1)
        assert world.describe_instance(world.arn(world.ids[0]))["remainingResources"] == before


def test_a_cluster_counts_what_it_holds() -> None:
    with cluster_of(2) as world:
        world.define()
        world.serve("api", 3)
        world.run()
        cluster = world.ecs.describe_clusters(clusters=["web"])["clusters"][0]
        counts = (
            "registeredContainerInstancesCount",
            "runningTasksCount",
            "pendingTasksCount",
            "activeServicesCount",
        )
        assert [cluster[name] for name in counts] == [2, 3, 1, 1]


def test_custom_attributes_and_tags_are_kept() -> None:
    with cluster_of(1) as world:
        arn = world.arn(world.ids[0])
        world.ecs.put_attributes(
            cluster="web", attributes=[{"name": "stack", "value": "blue", "targetId": arn}]
        )
        world.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "core"}])
        described = world.describe_instance(arn)
        assert {"name": "stack", "value": "blue"} in described["attributes"]
        assert {"name": "ecs.availability-zone", "value": "eu-west-1a"} in described["attributes"]
        assert described["tags"] == [{"key": "team", "value": "core"}]
        assert world.find("attribute:stack == blue") == [arn]
