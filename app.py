"""Every Lambda of ecs-drainer and its trigger, and nothing else: what each does is in chalicelib."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, ConvertToMiddleware, Rate

from chalicelib import steps
from chalicelib.common.telemetry import logger, with_metrics, with_trace
from chalicelib.events import pattern_of_starts

if os.environ.get("AWS_CHALICE_CLI_MODE") == "true":  # set by the chalice command, never in Lambda
    from statemachine import extension

    extension.install()

app = Chalice(app_name="ecs-drainer", configure_logs=False)
app.register_middleware(
    ConvertToMiddleware(lambda call: logger.inject_lambda_context(call, clear_state=True))
)
app.register_middleware(ConvertToMiddleware(with_trace))  # within the one above, which clears the keys
app.register_middleware(ConvertToMiddleware(with_metrics))


class AnyEvent(CloudWatchEvent):
    """What EventBridge sends, and a lifecycle hook's message in each of its other shapes."""

    def _extract_attributes(self, event_dict: dict[str, Any]) -> None:
        """Take the event as it is: chalicelib.events reads it."""


BACK_IN_SERVICE = {
    "source": ["aws.autoscaling"],
    "detail-type": ["EC2 Instance Launch Successful"],
    "detail": {"Origin": ["WarmPool"], "Destination": ["AutoScalingGroup"]},
}


@app.on_cw_event(pattern_of_starts())
def start_drain(event: Any) -> list[dict[str, Any]]:
    """Start a drain for each instance that an event of Auto Scaling, EC2 or AWS Health names."""
    return steps.start_drain.start_drain(event.to_dict(), event.context.invoked_function_arn)


# A hook may have this function as its own target, or reach it through SNS and SQS; Chalice's class for events of
# EventBridge refuses whatever lacks the fields of their envelope.
start_drain.event_class = AnyEvent


@app.lambda_function()
def start_manual_drain(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Start a drain that a person asks for: `chalice invoke -n start_manual_drain`."""
    # Lambda's own retries of an asynchronous invocation keep its request id, so that they start nothing twice.
    return steps.start_manual_drain.start_manual_drain(
        event, context.invoked_function_arn, context.aws_request_id
    )


@app.lambda_function()
def plan_drain(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Find the instance, its hook and its policy for "Plan the drain"."""
    # Retries have the machine's first instant, and this one's turn is of now.
    return steps.plan_drain.plan_drain(event, datetime.now(UTC))


@app.lambda_function()
def look(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Look once at the tasks for "Look"."""
    return steps.look.look(event)


@app.lambda_function()
def explain(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Say what holds the drain for "Explain"."""
    return steps.explain.explain(event)


@app.lambda_function()
def stop_tasks(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Stop tasks that the policy doesn't wait for."""
    return steps.stop_tasks.stop_tasks(event)


@app.lambda_function()
def plan_fleet(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Find the instances of a fleet, and whether the rest has room, for "Plan the fleet"."""
    return steps.plan_fleet.plan_fleet(event)


@app.lambda_function()
def sign_off(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Take a task's answer to whether it may be stopped: done, refuse or more time."""
    # An answer comes from outside of any execution: this is when it came.
    return steps.sign_off.sign_off(event, context.invoked_function_arn, datetime.now(UTC))


@app.lambda_function()
def wake(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Tell the drains that wait what ECS's events say: a batch of the queue, which the stack connects."""
    # Events come from outside of any execution: what is read of ECS is read after this.
    return steps.wake.wake(event, context.invoked_function_arn, datetime.now(UTC))


@app.lambda_function()
def tell(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Write what is told of a drain, with its metrics, and publish it for "Tell"."""
    return steps.tell.tell(event)


@app.lambda_function()
def compose_notice(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Write what is told of a fleet, and of a drain that the release before began, which publishes it itself."""
    return steps.compose_notice.compose_notice(event)


@app.on_cw_event(BACK_IN_SERVICE)
def return_to_service(event: Any) -> list[dict[str, Any]]:
    """Set an instance ACTIVE that was drained on its way into a warm pool and comes back."""
    return steps.return_to_service.return_to_service(event.to_dict(), event.context.invoked_function_arn)


@app.schedule(Rate(5, unit=Rate.MINUTES))
def reconcile(event: Any) -> list[dict[str, Any]]:
    """Start the drains that lost events and failed executions left undone."""
    # Named for the tick of the schedule that found them, so that a retry of the tick starts nothing twice.
    return steps.reconcile.reconcile(event.context.invoked_function_arn, datetime.fromisoformat(event.time))
