"""One stack, whatever state it is found in: created, updated, left alone, waited for, or refused with a sentence."""

from __future__ import annotations

import pytest

from statemachine.cloudformation import PATIENCE_POLLS
from statemachine.refusal import DeploymentRefused
from tests.deploy.scripted_cloudformation import ARN, NAME, STACK, TEMPLATE, Script

RESULT = {"arn": ARN, "outputs": {"StateMachineArn": "the machine"}}


def test_from_an_empty_account_the_stack_is_created_and_waited_for() -> None:
    script = Script().finds_nothing().has_no_events().takes("create_stack")
    script.finds("CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE", "CREATE_COMPLETE")
    with script as cloudformation:
        assert cloudformation.deploy(STACK) == RESULT
    assert script.is_over()
    assert script.slept == [3, 3]
    assert script.said == [f"The stack {NAME} is created."]


def test_a_second_deployment_only_reads() -> None:
    script = Script().finds("CREATE_COMPLETE").has_the_template().finds("CREATE_COMPLETE")
    with script as cloudformation:
        assert cloudformation.deploy(STACK) == RESULT
    assert script.is_over()
    assert script.said == [f"The stack {NAME} is up to date."]


@pytest.mark.parametrize(
    ("story", "found"),
    [
        ("a parameter has another value", {"parameters": {"Stage": "dev", "Tracing": "true"}}),
        ("a parameter is new", {"parameters": {"Stage": "dev"}}),
        ("a tag has another value", {"tags": {"app": "another"}}),
    ],
)
def test_a_difference_in_parameters_or_tags_updates(story: str, found: dict[str, dict[str, str]]) -> None:
    script = Script().finds("UPDATE_COMPLETE", **found).lists_events().takes("update_stack")
    script.finds(
        "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_COMPLETE"
    )
    with script as cloudformation:
        assert cloudformation.deploy(STACK) == RESULT, story
    assert script.is_over()
    assert script.said == [f"The stack {NAME} is updated."]


@pytest.mark.parametrize(
    "deployed", ['{"Resources":{}}', "Resources: {}"], ids=["JSON", "YAML, deployed by hand"]
)
def test_another_template_updates(deployed: str) -> None:
    script = Script().finds("CREATE_COMPLETE").has_the_template(deployed).lists_events().takes("update_stack")
    with script.finds("UPDATE_COMPLETE", "UPDATE_COMPLETE") as cloudformation:
        assert cloudformation.deploy(STACK) == RESULT
    assert script.is_over()


def test_cloudformation_finding_nothing_to_update_is_success() -> None:
    """UpdateStack refuses an update without a difference as a ValidationError: "No updates are to be performed"."""
    script = Script().finds("CREATE_COMPLETE").has_the_template("{}").lists_events().has_nothing_to_update()
    with script.finds("CREATE_COMPLETE") as cloudformation:
        assert cloudformation.deploy(STACK) == RESULT
    assert script.is_over()
    assert script.said == []


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED"])
def test_a_stack_that_never_came_up_is_deleted_and_created_anew(status: str) -> None:
    """A stack in ROLLBACK_COMPLETE takes only its deletion, says the CloudFormation user guide."""
    script = (
        Script().finds(status, status).lists_events().deletes().finds("DELETE_IN_PROGRESS").finds_nothing()
    )
    script.has_no_events().takes("create_stack").finds("CREATE_COMPLETE", "CREATE_COMPLETE")
    with script as cloudformation:
        assert cloudformation.deploy(STACK) == RESULT
    assert script.is_over()
    assert script.said == [
        f"The stack {NAME} is {status}: deleting what is left of it.",
        f"The stack {NAME} is created.",
    ]


def test_somebody_elses_update_is_waited_for_before_ours() -> None:
    script = Script().finds("UPDATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE").has_the_template()
    with script.finds("UPDATE_COMPLETE") as cloudformation:
        assert cloudformation.deploy(STACK) == RESULT
    assert script.is_over()
    assert script.slept == [3, 3]


def test_a_failed_creation_names_what_failed_first_and_leaves_echoes_out() -> None:
    script = Script().finds_nothing().has_no_events().takes("create_stack").finds("ROLLBACK_COMPLETE")
    script.lists_events(
        [
            ("4", "Topic", "CREATE_FAILED", "Resource creation cancelled"),
            ("3", "Queue", "CREATE_FAILED", "a queue of this name was deleted a moment ago"),
            ("2", "Role", "CREATE_FAILED", "the policy is too large"),
            ("1", "Role", "CREATE_IN_PROGRESS", ""),
        ]
    )
    with script as cloudformation, pytest.raises(DeploymentRefused) as refusal:
        cloudformation.deploy(STACK)
    assert script.is_over()
    assert refusal.value.message.splitlines() == [
        f"The stack {NAME} could not be created and is ROLLBACK_COMPLETE:",
        "  - Role (AWS::IAM::Role) is CREATE_FAILED: the policy is too large",
        "  - Queue (AWS::IAM::Role) is CREATE_FAILED: a queue of this name was deleted a moment ago",
    ]


def test_a_failed_update_does_not_repeat_what_failed_before() -> None:
    before = ("1", "Role", "UPDATE_FAILED", "last week's failure")
    script = Script().finds("UPDATE_ROLLBACK_COMPLETE").has_the_template("{}").lists_events([before])
    script.takes("update_stack").finds("UPDATE_ROLLBACK_COMPLETE")
    script.lists_events([("2", "Table", "UPDATE_FAILED", "no such key"), before])
    with script as cloudformation, pytest.raises(DeploymentRefused) as refusal:
        cloudformation.deploy(STACK)
    assert script.is_over()
    assert refusal.value.message.splitlines()[1:] == [
        "  - Table (AWS::IAM::Role) is UPDATE_FAILED: no such key"
    ]


def test_a_stack_stuck_in_its_rollback_is_refused_with_the_command_that_frees_it() -> None:
    script = Script().finds("UPDATE_ROLLBACK_FAILED").has_the_template("{}")
    with (
        script as cloudformation,
        pytest.raises(DeploymentRefused, match=f"continue-update-rollback --stack-name {NAME}"),
    ):
        cloudformation.deploy(STACK)


def test_a_change_set_that_nobody_executed_is_not_waited_for() -> None:
    """REVIEW_IN_PROGRESS ends with what somebody does, not with time."""
    script = Script().finds("REVIEW_IN_PROGRESS")
    with script as cloudformation, pytest.raises(DeploymentRefused, match="Execute the change set"):
        cloudformation.deploy(STACK)
    assert script.slept == []


def test_waiting_has_an_end() -> None:
    script = Script().finds(*["UPDATE_IN_PROGRESS"] * (PATIENCE_POLLS + 1))
    with script as cloudformation, pytest.raises(DeploymentRefused, match="has not settled in 30 minutes"):
        cloudformation.deploy(STACK)


def test_deleting_waits_until_the_stack_is_gone() -> None:
    script = (
        Script().finds("CREATE_COMPLETE").lists_events().deletes().finds("DELETE_IN_PROGRESS").finds_nothing()
    )
    with script as cloudformation:
        cloudformation.delete(NAME)
    assert script.is_over()


def test_deleting_a_stack_that_is_gone_already_is_success() -> None:
    script = Script().finds_nothing()
    with script as cloudformation:
        cloudformation.delete(NAME)
    assert script.is_over()


def test_what_can_not_be_deleted_is_named() -> None:
    script = Script().finds("CREATE_COMPLETE").lists_events().deletes().finds("DELETE_FAILED")
    script.lists_events([("1", "Ledger", "DELETE_FAILED", "the table is protected")])
    with (
        script as cloudformation,
        pytest.raises(DeploymentRefused, match=r"Ledger .* is DELETE_FAILED: the table is pr"),
    ):
        cloudformation.delete(NAME)


def test_a_protected_stack_is_refused_before_anything_is_deleted() -> None:
    script = Script().finds("CREATE_COMPLETE", parameters={"DeletionProtection": "true"})
    with script as cloudformation, pytest.raises(DeploymentRefused, match="Set DeletionProtection to false"):
        cloudformation.refuse_if_protected(NAME)


@pytest.mark.parametrize("parameters", [{"DeletionProtection": "false"}, {}])
def test_any_other_stack_may_go(parameters: dict[str, str]) -> None:
    script = Script().finds("CREATE_COMPLETE", parameters=parameters)
    with script as cloudformation:
        cloudformation.refuse_if_protected(NAME)
    assert script.is_over()


def test_the_defaults_of_the_template_count_as_given() -> None:
    assert TEMPLATE["Parameters"]["Tracing"] == {"Type": "String", "Default": "false"}
    assert STACK.effective_parameters() == {"Stage": "dev", "Tracing": "false"}
