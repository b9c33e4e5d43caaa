"""Keys of KMS: whether a service may use a customer managed one. Nothing is really encrypted with them here.

moto makes an RSA key pair for each of them, also for those that sign nothing, which takes half of a deployment's time:
those have one pair in common.

A key's policy alone decides about services, and that of a key of AWS's own (`alias/aws/sqs`) lets no other service in:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

from moto.kms import models
from moto.kms.models import kms_backends
from moto.kms.utils import generate_private_key

from embedded_aws.permissions import ServiceRequest, lets_in

OF_QUEUES_AND_TOPICS = ("kms:GenerateDataKey", "kms:Decrypt")
"""What whoever sends to an encrypted queue, or publishes to an encrypted topic, needs of its key."""
CONTEXTS = {"sqs": "kms:EncryptionContext:aws:sqs:arn", "sns": "kms:EncryptionContext:aws:sns:topicArn"}
"""What queues and topics are encrypted for, as a condition of the key's policy has it."""
OF_LOGS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey")
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""

SIGNS_NOTHING = "SYMMETRIC_DEFAULT"
"""The `KeySpec` of a key that encrypts: KMS refuses to sign with it, or to tell its public key."""


def install() -> None:
    """Let keys that sign nothing share a key pair."""
    models.generate_private_key = _private_key


def _private_key(key_spec: str) -> Any:
    return _unused() if key_spec == SIGNS_NOTHING else generate_private_key(key_spec)


@cache
def _unused() -> Any:
    return generate_private_key(SIGNS_NOTHING)


def key_lets_in(key_id: str, region: str, request: ServiceRequest, actions: Iterable[str]) -> bool:
    """Say whether the policy of a key lets a service use it for all these actions.

    Args:
        key_id: the key's id, ARN or alias; one that doesn't exist, or is AWS's own, lets nobody in.
        region: where the key is.
        request: the service, and on whose behalf it asks.
        actions: as in `kms:Decrypt`.
    """
    backend = kms_backends[request.source_account][region]
    key = None if "alias/aws/" in key_id else backend.keys.get(key_id.rsplit("/", 1)[-1])
    if key is None or not key.enabled:
        return False
    return all(lets_in(key.policy, replace(request, action=action)) for action in actions)
