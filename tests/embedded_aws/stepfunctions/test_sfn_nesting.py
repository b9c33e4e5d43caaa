"""Maps, Parallels and nested executions on the virtual clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded_aws.clients import client
from tests.embedded_aws.stepfunctions.machines import Lab, since_epoch

Machine = dict[str, Any]
PASS: Machine = {"Type": "Pass", "End": True}


def waiting(path: str = "$") -> Machine:
    return {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "SecondsPath": path, "End": True}}}


def each(processor: Machine, **more: Any) -> Machine:
    return {"Each": {"Type": "Map", "ItemProcessor": processor, "End": True} | more, "Caught": PASS}


def seconds_taken(run: Any) -> float:
    return since_epoch(run.described["stopDate"])


@pytest.mark.parametrize(
    ("story", "concurrency", "seconds"),
    [("all at once", 0, 30), ("one after the other", 1, 60), ("two at a time", 2, 40)],
)
def test_items_of_a_map_take_their_turns(lab: Lab, story: str, concurrency: int, seconds: float) -> None:
    run = lab.run(each(waiting(), MaxConcurrency=concurrency), [10, 20, 30])

    assert run.output == [10, 20, 30]
    assert seconds_taken(run) == seconds, story


def test_a_map_of_nothing_is_an_empty_list(lab: Lab) -> None:
    run = lab.run(each(waiting()), [])

    assert (run.output, seconds_taken(run)) == ([], 0)


def test_an_item_knows_its_place(lab: Lab) -> None:
    selector = {"index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value"}

    run = lab.run(each({"StartAt": "Pass", "States": {"Pass": PASS}}, ItemSelector=selector), ["a", "b"])

    assert run.output == [{"index": 0, "value": "a"}, {"index": 1, "value": "b"}]


def test_an_item_that_fails_ends_the_others(lab: Lab) -> None:
    """An inline Map fails with its first item: the one that waits an hour waits no more."""
    states = {
        "Long or short?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "Fail"}],
            "Default": "Wait",
        },
        "Fail": {"Type": "Fail", "Error": "Broken", "Cause": "as asked"},
        "Wait": {"Type": "Wait", "SecondsPath": "$", "End": True},
    }
    catch = {"ErrorEquals": ["Broken"], "Next": "Caught"}

    run = lab.run(each({"StartAt": "Long or short?", "States": states}, Catch=[catch]), [3600, 0])
    lab.aws.clock.advance(7200)

    assert run.output == {"Error": "Broken", "Cause": "as asked"}
    assert seconds_taken(run) == 0
    assert "WaitStateExited" not in run.types


def test_branches_run_side_by_side(lab: Lab) -> None:
    parallel = {"Type": "Parallel", "Branches": [waiting("$.a"), waiting("$.b")], "End": True}

    run = lab.run({"Both": parallel}, {"a": 60, "b": 90})

    assert seconds_taken(run) == 90
    assert run.seconds_of("WaitStateExited") == [60, 90]


def test_a_branch_that_fails_ends_the_other(lab: Lab) -> None:
    failing = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Broken"}}}
    catch = {"ErrorEquals": ["States.ALL"], "Next": "Caught"}
    parallel = {"Type": "Parallel", "Branches": [waiting("$.a"), failing], "Catch": [catch], "End": True}

    run = lab.run({"Both": parallel, "Caught": PASS}, {"a": 3600})
    lab.aws.clock.advance(7200)

    assert run.output["Error"] == "Broken"
    assert seconds_taken(run) == 0
    assert "WaitStateExited" not in run.types


def test_the_execution_s_time_out_ends_what_runs_within_a_map(lab: Lab) -> None:
    run = lab.run(each(waiting()), [3600, 7200], TimeoutSeconds=60)
    lab.aws.clock.advance(7200)

    assert run.status == "TIMED_OUT"
    assert seconds_taken(run) == 60
    assert run.types[-1] == "ExecutionTimedOut"
    assert "WaitStateExited" not in run.types


def child(lab: Lab, states: Machine) -> str:
    return lab.machine(states, name="child")


def nested(machine: str, pattern: str = ".sync:2", **more: Any) -> Machine:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {"StateMachineArn": machine, "Input.$": "$"},
        "End": True,
    } | more


def test_a_parent_waits_for_its_child_and_gets_its_output_parsed(lab: Lab) -> None:
    machine = child(lab, {"Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "End": True}})

    run = lab.run({"Run": nested(machine)}, {"seconds": 172_800})

    assert seconds_taken(run) == 172_800
    assert run.output["Output"] == {"seconds": 172_800}
    assert run.output["Status"] == "SUCCEEDED"
    assert run.output["StopDate"] - run.output["StartDate"] == 172_800_000


def test_sync_gives_the_child_s_output_as_a_string(lab: Lab) -> None:
    run = lab.run({"Run": nested(child(lab, {"Pass": PASS}), ".sync")}, {"x": 1})

    assert run.output["Output"] == '{"x":1}'


def test_without_sync_the_parent_goes_on_at_once(lab: Lab) -> None:
    machine = child(lab, {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}})

    run = lab.run({"Run": nested(machine, "")})

    assert seconds_taken(run) == 0
    assert run.output["ExecutionArn"].split(":")[6] == "child"


def test_a_fleet_is_drained_by_a_map_of_nested_executions(lab: Lab) -> None:
    machine = child(lab, {"Wait": {"Type": "Wait", "SecondsPath": "$.seconds", "End": True}})
    processor = {"StartAt": "Run", "States": {"Run": nested(machine, ResultSelector={"out.$": "$.Output"})}}

    run = lab.run(each(processor, MaxConcurrency=2), [{"seconds": 600 * n} for n in (1, 2, 3)])

    assert run.output == [{"out": {"seconds": 600 * n}} for n in (1, 2, 3)]
    assert seconds_taken(run) == 2400


def test_a_child_that_fails_fails_its_parent(lab: Lab) -> None:
    machine = child(lab, {"Fail": {"Type": "Fail", "Error": "Broken", "Cause": "as asked"}})
    catch = {"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"}

    run = lab.run({"Run": nested(machine, Catch=[catch]), "Caught": PASS})

    assert run.output["Error"] == "States.TaskFailed"
    assert '"Error": "Broken"' in run.output["Cause"]


def test_a_parent_that_is_stopped_takes_its_child_along(lab: Lab) -> None:
    machine = child(lab, {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}})
    parent = lab.start(lab.machine({"Run": nested(machine)}))
    lab.aws.clock.advance(60)

    lab.api.stop_execution(executionArn=parent.arn)
    lab.aws.clock.advance(1)

    assert [each["status"] for each in lab.api.list_executions(stateMachineArn=machine)["executions"]] == [
        "ABORTED"
    ]


def test_a_parent_whose_role_may_not_stop_it_leaves_its_child_alone(lab: Lab) -> None:
    """Run a job: Step Functions stops the child as well as it can, with what the role allows."""
    machine = child(lab, {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}})
    parent = lab.machine({"Run": nested(machine)})
    role = lab.api.describe_state_machine(stateMachineArn=parent)["roleArn"]
    a_role(role, action="states:StartExecution")
    run = lab.start(parent)
    lab.aws.clock.advance(60)

    lab.api.stop_execution(executionArn=run.arn)
    lab.aws.clock.advance(3600)

    assert run.status == "ABORTED"
    assert [each["status"] for each in lab.api.list_executions(stateMachineArn=machine)["executions"]] == [
        "SUCCEEDED"
    ]


def a_role(arn: str, action: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    path, _, name = arn.rsplit(":role/", maxsplit=1)[-1].rpartition("/")
    iam = client("iam")
    iam.create_role(RoleName=name, Path=f"/{path}/" if path else "/", AssumeRolePolicyDocument="{}")
    iam.put_role_policy(
        RoleName=name,
        PolicyName="it",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def test_starting_the_same_name_again_is_an_error_of_step_functions(lab: Lab) -> None:
    machine = child(lab, {"Pass": PASS})
    lab.start(machine, {"x": 1}, name="i-0123").to_end()
    again = nested(machine, "", Parameters={"StateMachineArn": machine, "Name": "i-0123"})

    run = lab.run({"Run": again})

    assert run.described["error"] == "StepFunctions.ExecutionAlreadyExistsException"


def test_a_distributed_map_has_items_with_histories_of_their_own(lab: Lab) -> None:
    processor = waiting() | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}

    run = lab.run(each(processor, MaxConcurrency=2), [10, 20, 30])

    assert run.output == [10, 20, 30]
    assert seconds_taken(run) == 40
    assert "WaitStateEntered" not in run.types


def test_an_item_whose_execution_was_stopped_before_its_turn_does_nothing(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    """StopExecution in the instant in which the Map begins: the item is not an error of the interpreter's."""
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:ecs:listClusters",
        "Arguments": {},
        "End": True,
    }
    states = {
        "Wait": {"Type": "Wait", "Seconds": 10, "Next": "Each"},
        **each({"StartAt": "Look", "States": {"Look": {**task, "QueryLanguage": "JSONata"}}}),
    }
    run = lab.start(lab.machine(states), [1, 2])
    lab.aws.clock.advance(1)
    lab.aws.clock.call_later(9, lambda: lab.api.stop_execution(executionArn=run.arn), "stopped")
    lab.aws.clock.advance(60)

    assert run.types[-3:] == ["MapStateEntered", "MapStateStarted", "ExecutionAborted"]
    assert lab.aws.requests.matching("ecs", "ListClusters") == []
    assert caplog.records == []
