"""Names of errors, and who catches them: an ASL that passes here must not fail on AWS."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.stepfunctions.errors import catches, service_prefix
from embedded_aws.stepfunctions.integrations import CLIENTS, error_and_cause
from tests.embedded_aws.stepfunctions.machines import Lab

Machine = dict[str, Any]
ANSWERED: Any = {"HTTPStatusCode": 400, "RequestId": "1"}


@pytest.mark.parametrize(
    ("story", "error_equals", "error", "caught"),
    [
        ("ALL catches an error of one's own", "States.ALL", "Throttled", True),
        ("ALL catches a time-out", "States.ALL", "States.Timeout", True),
        ("ALL doesn't catch a broken path", "States.ALL", "States.Runtime", False),
        ("ALL catches a payload too large", "States.ALL", "States.DataLimitExceeded", True),
        ("TaskFailed catches a service's error", "States.TaskFailed", "Ecs.EcsException", True),
        ("TaskFailed doesn't catch a time-out", "States.TaskFailed", "States.Timeout", False),
        ("TaskFailed doesn't catch a broken path", "States.TaskFailed", "States.Runtime", False),
        ("TaskFailed doesn't catch a large payload", "States.TaskFailed", "States.DataLimitExceeded", False),
        (
            "a large payload is caught by its name",
            "States.DataLimitExceeded",
            "States.DataLimitExceeded",
            True,
        ),
        ("a broken path fails even by its name", "States.Runtime", "States.Runtime", False),
        ("a name catches itself", "Throttled", "Throttled", True),
        ("a name catches no other", "Throttled", "throttled", False),
    ],
)
def test_what_catches_what(story: str, error_equals: str, error: str, caught: bool) -> None:
    assert catches({error_equals}, error) is caught, story


@given(st.text())
def test_nothing_catches_a_runtime_error(name: str) -> None:
    assert not catches({name, "States.ALL", "States.TaskFailed"}, "States.Runtime")


@pytest.mark.parametrize(
    ("service", "prefix"),
    [
        ("ecs", "Ecs"),
        ("autoscaling", "AutoScaling"),
        ("sns", "Sns"),
        ("sqs", "Sqs"),
        ("dynamodb", "DynamoDb"),
        ("sfn", "Sfn"),
        ("ec2", "Ec2"),
        ("ssm", "Ssm"),
        ("eventbridge", "EventBridge"),
        ("lambda", "Lambda"),
        ("cloudwatchlogs", "CloudWatchLogs"),
    ],
)
def test_errors_of_a_service_begin_with_its_name_in_the_java_sdk(service: str, prefix: str) -> None:
    assert service_prefix(service) == prefix


def call(action: str, parameters: Machine, **more: Any) -> Machine:
    task = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{action}", "Parameters": parameters}
    return {"Call": task | {"End": True} | more}


def test_a_modelled_error_comes_under_its_own_name(lab: Lab) -> None:
    run = lab.run(call("ecs:listTasks", {"Cluster": "missing"}))

    assert run.described["error"] == "Ecs.ClusterNotFoundException"
    assert "Service: Ecs, Status Code: 400" in run.described["cause"]


def test_an_error_the_model_lacks_comes_under_the_service_s_name(lab: Lab) -> None:
    """A ValidationError of Auto Scaling and a ThrottlingException of ECS are in neither's model."""
    unknown = "No active Lifecycle Action found with token"
    lab.aws.requests.fail_next("autoscaling", "CompleteLifecycleAction", "ValidationError", unknown)
    lab.aws.requests.fail_next("ecs", "ListTasks", "ThrottlingException", "Rate exceeded")
    parameters = {
        "LifecycleHookName": "drain",
        "AutoScalingGroupName": "group",
        "LifecycleActionResult": "CONTINUE",
        "InstanceId": "i-0123",
    }

    complete = lab.run(call("autoscaling:completeLifecycleAction", parameters), name="complete")
    throttled = lab.run(call("ecs:listTasks", {"Cluster": "one"}), name="throttled")

    assert complete.described["error"] == "AutoScaling.AutoScalingException"
    assert complete.described["cause"].startswith(f"{unknown} (")
    assert throttled.described["error"] == "Ecs.EcsException"


def test_a_fault_of_the_api_is_called_an_exception(lab: Lab) -> None:
    """`ResourceContentionFault` is `ResourceContentionException` in the SDK for Java."""
    lab.aws.requests.fail_next(
        "autoscaling", "RecordLifecycleActionHeartbeat", "ResourceContention", status=500
    )

    run = lab.run(
        call(
            "autoscaling:recordLifecycleActionHeartbeat",
            {"LifecycleHookName": "drain", "AutoScalingGroupName": "group"},
        )
    )

    assert run.described["error"] == "AutoScaling.ResourceContentionException"


CAUGHT = {"Type": "Pass", "End": True}


def test_a_catch_of_all_sees_no_runtime_error(lab: Lab) -> None:
    broken = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn.$": "$.missing"},
        "Retry": [{"ErrorEquals": ["States.ALL"]}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
        "End": True,
    }

    run = lab.run({"Publish": broken, "Caught": CAUGHT})

    assert (run.status, run.described["error"]) == ("FAILED", "States.Runtime")
    assert run.described["stopDate"] == run.described["startDate"]  # nothing was retried


def test_a_choice_that_nothing_matches_fails_by_its_own_name(lab: Lab) -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "Caught"}]}

    run = lab.run({"Which?": choice, "Caught": CAUGHT}, {"x": 2})

    assert run.described["error"] == "States.NoChoiceMatched"


def test_an_item_s_time_out_can_be_caught_around_the_map(lab: Lab) -> None:
    """The error of an item is the error of its Map, also where it begins with `States.`."""
    wait = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"QueueUrl": lab.queue("tokens"), "MessageBody.$": "$$.Task.Token"},
        "TimeoutSeconds": 30,
        "End": True,
    }
    drains = {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "Ask", "States": {"Ask": wait}},
        "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$", "Next": "Caught"}],
        "End": True,
    }

    run = lab.run({"Each": drains, "Caught": CAUGHT}, [1, 2])

    assert run.output["Error"] == "States.Timeout"


def test_an_error_of_a_function_has_the_name_of_its_class(lab: Lab) -> None:
    class Throttled(Exception):  # noqa: N818  # named as the application names its own
        """An error of the application."""

    def handle(*_: Any) -> None:
        raise Throttled("slow down")

    run = lab.run(
        {
            "Look": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": lab.function("look", handle)},
                "End": True,
            }
        }
    )

    assert run.described["error"] == "Throttled"
    assert '"errorMessage":"slow down"' in run.described["cause"].replace('": "', '":"')


def test_a_definition_that_cannot_be_read_spoils_no_other(lab: Lab) -> None:
    """A failed reading leaves its query language behind in moto's reader."""
    with pytest.raises(lab.api.exceptions.InvalidDefinition):
        lab.machine({"Pass": {"Type": "Pass", "Parameters": {}, "End": True}}, QueryLanguage="JSONata")

    assert lab.run({"Pass": {"Type": "Pass", "Parameters": {}, "End": True}}).status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("story", "comparison", "over"),
    [
        ("with milliseconds", {"TimestampGreaterThanEquals": "2026-03-02T10:00:00Z"}, True),
        ("with an offset", {"TimestampEquals": "2026-03-02T11:00:00+01:00"}, True),
        ("just before", {"TimestampLessThan": "2026-03-02T10:00:00.001Z"}, True),
        ("against the context", {"TimestampEqualsPath": "$$.Execution.StartTime"}, True),
        ("against the input", {"TimestampGreaterThanPath": "$.deadline"}, False),
    ],
)
def test_times_of_the_context_object_compare_as_times(
    lab: Lab, story: str, comparison: Machine, over: bool
) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$$.State.EnteredTime"} | comparison | {"Next": "Over"}],
        "Default": "Not yet",
    }
    ends = {name: {"Type": "Pass", "Result": name, "End": True} for name in ("Over", "Not yet")}

    run = lab.run({"Over?": choice} | ends, {"deadline": "2026-03-02T11:00:00Z"})

    assert run.output == ("Over" if over else "Not yet"), story


def test_a_fail_state_hands_on_an_error_of_step_functions_own(lab: Lab) -> None:
    run = lab.run({"Fail": {"Type": "Fail", "Error": "States.Timeout", "Cause": "the look took too long"}})

    assert (run.described["error"], run.described["cause"]) == ("States.Timeout", "the look took too long")


@pytest.mark.parametrize(
    "rule", [{"Variable": "$.a", "NumericEquals": 1}, {"Variable": "$.b", "NumericEqualsPath": "$.a"}]
)
def test_a_choice_on_what_is_not_there_fails(rule: Machine, lab: Lab) -> None:
    """ASL specification, "Choice State": a path that finds nothing is a runtime error, but for IsPresent."""
    states = {
        "Which": {"Type": "Choice", "Choices": [{**rule, "Next": "Pass"}], "Default": "Pass"},
        "Pass": {"Type": "Pass", "End": True},
    }

    run = lab.run(states, {"b": 1})

    assert run.described["error"] == "States.Runtime"
    assert "Invalid path '$.a': The choice state's condition path" in run.described["cause"]


def test_a_branch_that_fails_at_once_leaves_no_other_begun(lab: Lab) -> None:
    fail = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Refused"}}}
    wait = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}

    run = lab.run({"Both": {"Type": "Parallel", "Branches": [fail, wait], "End": True}})

    assert run.described["error"] == "Refused"


def test_a_branch_that_fails_aborts_what_another_is_in(lab: Lab) -> None:
    late = {
        "Late": {"Type": "Wait", "Seconds": 5, "Next": "Fail"},
        "Fail": {"Type": "Fail", "Error": "Refused"},
    }
    wait = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}

    run = lab.run(
        {"Both": {"Type": "Parallel", "Branches": [{"StartAt": "Late", "States": late}, wait], "End": True}}
    )

    assert run.types[-4:] == [
        "FailStateEntered",
        "WaitStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_optimised_integrations_name_what_no_model_has_after_the_service() -> None:
    """Recorded 2023-05-12 of DynamoDB: AmazonDynamoDBException; by the guide also of Lambda and ECS."""
    failed = ClientError(
        {"Error": {"Code": "Odd", "Message": "Odd."}, "ResponseMetadata": ANSWERED}, "Operation"
    )

    names = {service: error_and_cause(service, failed)[0] for service in CLIENTS}

    assert names == {
        "dynamodb": "DynamoDB.AmazonDynamoDBException",
        "ecs": "ECS.AmazonECSException",
        "events": "EventBridge.AmazonEventBridgeException",
        "lambda": "Lambda.AWSLambdaException",
        "sns": "SNS.AmazonSNSException",
        "sqs": "SQS.AmazonSQSException",
        "states": "StepFunctions.AWSStepFunctionsException",
    }
