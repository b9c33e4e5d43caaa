"""What AWS's error codes mean, each service's names in one table: throttled, denied, gone, unavailable.

Codes come bare, as botocore puts them into `Error.Code`. Most are the exception's name in the service's model; the
query protocol's (Auto Scaling, SNS, Elastic Load Balancing) lack its last word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# All of botocore's own retry tables (data/_retry.json and retries/standard.py, which are private, and in Lambda not of
# our version), then what they lack. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
        # SNS's own: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
        "Throttled",
        "KMSThrottling",
        "KMSThrottlingException",
        # SQS's and Step Functions' keys.
        "KmsThrottled",
        "KmsThrottlingException",
        # Contention passes like a throttle: another update of the group, item or machine is under way.
        # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html
        "ResourceContention",
        "ResourceContentionFault",
        "TransactionConflictException",
        # Open executions have to end first: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        "ExecutionLimitExceeded",
    }
)

# "AuthorizationError" is SNS's: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthFailure",
        "AuthorizationError",
        "AuthorizationErrorException",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
        "KmsAccessDenied",
        "KmsAccessDeniedException",
        "UnauthorizedOperation",
    }
)

# Known by name too, as an answer may come without its HTTP status (in a transaction, through a proxy).
UNAVAILABLE = frozenset(
    {
        "InternalError",
        "InternalErrorException",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceError",
        "ReplicatedWriteConflictException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServerException",
        "ServiceException",
        "ServiceFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)

# Codes that say of themselves that what was named is missing or was deleted. The drain's own table and state machine
# are not among them: without those nothing is deployed, which is no answer about an instance.
GONE = frozenset(
    {
        "ClusterNotFound",
        "ClusterNotFoundException",
        "ServiceNotFound",
        "ServiceNotFoundException",
        "ServiceNotActiveException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "TargetGroupNotFound",
        "TargetGroupNotFoundException",
        "ExecutionDoesNotExist",
        "NotFound",  # SNS's, of a topic
        "NotFoundException",
    }
)

_ECS = re.compile(
    r"not found or is inactive"
    r"|referenced (container instance|task)\b.* (was not found|not found|not registered)"
    r"|(referenced|specified) cluster (is|was) inactive"
    r"|unable to describe task definition"
    r"|task ?definition (is|was) inactive",
    re.IGNORECASE,
)
_AUTO_SCALING = re.compile(r"AutoScalingGroup name not found|No Lifecycle Hook found", re.IGNORECASE)

GONE_IN_WORDS: Mapping[str, re.Pattern[str]] = {
    "ClientException": _ECS,
    "InvalidParameterException": _ECS,
    "ValidationError": _AUTO_SCALING,
}
"""Codes that say many things, with the sentences that mean gone: narrow, as no other refusal may let an instance go."""

GONE_REASONS = frozenset({"MISSING", "INACTIVE"})
"""The reasons in `failures` that mean gone, in answers of HTTP 200.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
"""

THROTTLED_REASONS = frozenset(
    {"ProvisionedThroughputExceeded", "RequestLimitExceeded", "ThrottlingError", "TransactionConflict"}
)
"""Of the reasons for which DynamoDB cancels a transaction, those that pass.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""


def is_gone(code: str, message: str) -> bool:
    """Whether an error says that what the call named is missing, inactive or deleted."""
    words = GONE_IN_WORDS.get(code)
    return code in GONE or (words is not None and words.search(message) is not None)
