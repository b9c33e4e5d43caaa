"""The API of event source mappings whose source is a queue: what Lambda refuses, and pollers in moto's place.

Source: Lambda API reference, CreateEventSourceMapping, and developer guide, "Lambda parameters for Amazon SQS event
source mappings". moto would run the function inside SendMessage, one message at a time.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.core.utils import unix_time_millis
from moto.sqs.models import Message, Queue, SQSBackend, sqs_backends

from embedded_aws import aws
from embedded_aws.permissions import role_allows
from embedded_aws.requests import AwsError
from embedded_aws.sqs.pollers import SOONEST_SECONDS, WITHOUT_WINDOW, Poller, pollers, wake_pollers_of

POLLING = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
"""What the function's role must allow: Lambda polls in its name."""
LONGEST_WINDOW_SECONDS = 300
CONCURRENCY = (2, 1000)
POLL_SECONDS = 1.0
"""Between two looks of a long poll."""

_create = LambdaBackend.create_event_source_mapping
_update = LambdaBackend.update_event_source_mapping
_delete = LambdaBackend.delete_event_source_mapping
_add_message = Queue.add_message
_set_attributes = Queue._set_attributes
_change_visibility = SQSBackend.change_message_visibility
_receive = SQSBackend.receive_message


def _messages(queue: Any) -> list[Any]:
    """Return what may be received now, as moto's Queue does, which asks for the time anew for each message, twice."""
    now = unix_time_millis()
    return [each for each in queue._messages if each.visible_at < now and each.delayed_until <= now]


def install() -> None:
    """Let Lambda poll queues on the virtual clock."""
    LambdaBackend.create_event_source_mapping = _create_mapping
    LambdaBackend.update_event_source_mapping = _update_mapping
    LambdaBackend.delete_event_source_mapping = _delete_mapping
    LambdaBackend.list_event_source_mappings = _list_mappings
    Message.__deepcopy__ = _message_copied
    Message.had_receipt_handle = _had_receipt_handle
    Queue.add_message = _add_and_wake
    Queue.messages = property(_messages)
    Queue._set_attributes = _set_named_attributes
    SQSBackend.change_message_visibility = _change_visibility_and_wake
    SQSBackend.receive_message = _receive_on_the_clock
    SQSBackend.is_message_valid_based_on_retention_period = _is_retained


def _message_copied(self: Any, memo: dict[int, Any]) -> Any:
    """Copy a message as `copy.deepcopy` does; nearly all that it has is texts and numbers, which are not copied."""
    twin = Message.__new__(Message)
    for name, value in self.__dict__.items():
        twin.__dict__[name] = copy.deepcopy(value, memo) if isinstance(value, dict | list) else value
    return twin


def _had_receipt_handle(self: Any, receipt_handle: str) -> bool:
    """Say so without a list of all it ever had: each message of a queue is asked, twice, for each that is deleted."""
    return receipt_handle == self.receipt_handle or receipt_handle in self._old_receipt_handles


def _is_retained(self: Any, queue_name: str, message: Any) -> bool:
    """Whether a queue still keeps a message; moto counts all of the queue's messages anew to answer it."""
    kept_until = self.get_queue(queue_name).message_retention_period + message.sent_timestamp / 1000
    return bool(kept_until > aws.now().timestamp())


def _create_mapping(self: Any, spec: dict[str, Any]) -> Any:
    source = str(spec.get("EventSourceArn"))
    if not source.startswith("arn:aws:sqs:"):
        return _create(self, spec)
    function, queue = self.get_function(spec.get("FunctionName", "")), _queue(source)
    _refuse_second(self, source, function)
    _check_batches(spec, queue)
    _check_queue(function, queue)
    mapping = _create(self, spec)
    mapping.max_batch_window = mapping.max_batch_window or 0
    queue.lambda_event_source_mappings.pop(mapping.function_arn)  # moto's way to run the function
    pollers()[mapping.uuid] = Poller(mapping)
    pollers()[mapping.uuid].wake(SOONEST_SECONDS)
    return mapping


def _update_mapping(self: Any, uuid: str, spec: dict[str, Any]) -> Any:
    mapping = _found(self.get_event_source_mapping(uuid))
    if uuid in pollers():
        old = {
            "BatchSize": mapping.batch_size,
            "MaximumBatchingWindowInSeconds": mapping.max_batch_window,
            "ScalingConfig": mapping.scaling_config,
        }
        _check_batches(old | spec, _queue(mapping.event_source_arn))
        pollers()[uuid].wake(SOONEST_SECONDS)
    return _update(self, uuid, spec)


def _delete_mapping(self: Any, uuid: str) -> Any:
    pollers().pop(uuid, None)
    return _found(_delete(self, uuid))


def _list_mappings(self: Any, event_source_arn: str | None, function_name: str | None) -> Iterable[Any]:
    """List mappings by queue and by function, which may be a name or an ARN whatever the mapping was given."""
    arn = self.get_function(function_name).function_arn if function_name else None
    return [
        mapping
        for mapping in self._event_source_mappings.values()
        if event_source_arn in (None, mapping.event_source_arn) and arn in (None, mapping.function_arn)
    ]


def _found(mapping: Any) -> Any:
    if mapping is None:
        raise AwsError("ResourceNotFoundException", "The resource you requested does not exist.")
    return mapping


def _refuse_second(backend: Any, source: str, function: Any) -> None:
    for other in backend.list_event_source_mappings(source, function.function_arn):
        raise AwsError(
            "ResourceConflictException",
            f'An event source mapping with SQS arn (" {source} ") and function (" {function.function_name} ") '
            f"already exists. Please update or delete the existing mapping with UUID {other.uuid}",
        )


def _check_batches(spec: dict[str, Any], queue: Any) -> None:
    size, window = spec.get("BatchSize") or 0, spec.get("MaximumBatchingWindowInSeconds") or 0
    if size > WITHOUT_WINDOW and not window and not queue.fifo_queue:
        raise _invalid(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    if window and queue.fifo_queue:
        raise _invalid("Batching window is not supported for FIFO queues")
    if not 0 <= window <= LONGEST_WINDOW_SECONDS:
        raise _invalid(f"MaximumBatchingWindowInSeconds is {window}: expected 0 to {LONGEST_WINDOW_SECONDS}")
    most = (spec.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if most is not None and not CONCURRENCY[0] <= most <= CONCURRENCY[1]:
        raise _invalid(f"ScalingConfig.MaximumConcurrency is {most}: expected 2 to 1000")
    if spec.get("FilterCriteria"):
        raise _invalid("the embedded Lambda filters no messages of queues: FilterCriteria is not supported")


def _check_queue(function: Any, queue: Any) -> None:
    if queue.visibility_timeout < int(function.timeout):
        raise _invalid(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than "
            f"Function timeout: {function.timeout} seconds"
        )
    for action in POLLING:
        if not role_allows(function.role, f"sqs:{action}", queue.queue_arn):
            raise _invalid(f"The provided execution role does not have permissions to call {action} on SQS")
    key = queue.kms_master_key_id
    if key and "alias/aws/" not in key and not role_allows(function.role, "kms:Decrypt", key):
        raise _invalid(f"The provided execution role does not have permissions to call Decrypt on {key}")


def _queue(arn: str) -> Any:
    _, _, _, region, account, name = arn.split(":")
    queue = sqs_backends[account][region].queues.get(name)
    if queue is None:
        code = "AWS.SimpleQueueService.NonExistentQueue"
        raise _invalid(f"Error occurred while ReceiveMessage. SQS Error Code: {code}.")
    return queue


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def _add_and_wake(self: Any, message: Any) -> None:
    _add_message(self, message)
    if aws.is_running():  # moto alone, as a test of something else may use it, polls for nobody
        wake_pollers_of(self)


def _set_named_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
    """Set what is named; moto's own would take the policy off with every change of something else."""
    kept = {} if "Policy" in attributes or not hasattr(self, "_policy_json") else {"Policy": self.policy}
    _set_attributes(self, attributes | kept, now)


def _change_visibility_and_wake(self: Any, queue_name: str, *arguments: Any, **named: Any) -> None:
    change: Callable[..., None] = _change_visibility
    change(self, queue_name, *arguments, **named)
    if aws.is_running():
        wake_pollers_of(self.get_queue(queue_name))


def _receive_on_the_clock(self: Any, queue_name: str, count: int, wait_seconds: int, *more: Any) -> Any:
    """Wait in virtual seconds; moto's own long poll would wait for a clock that stands still meanwhile."""
    left = float(wait_seconds)
    while True:
        received = _receive(self, queue_name, count, 0, *more)
        if received or left <= 0:
            return received
        aws.current().clock.sleep(min(POLL_SECONDS, left))
        left -= POLL_SECONDS
