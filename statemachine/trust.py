"""Who may take on the role of a function: Lambda, for this function of this account, wherever Lambda says for which.

AWS's guide for Lambda doesn't say whether it sends `aws:SourceArn` and `aws:SourceAccount` when it takes a role on
(docs/decisions/least-privilege.md). A condition on what isn't sent would leave every function without its role: these
hold where a key is sent, and refuse whoever names another function or account.
"""

from __future__ import annotations

from typing import Any


def only_for(function_arn: Any, account: Any, service: str = "lambda.amazonaws.com") -> dict[str, Any]:
    """Return the trust policy of one function's role.

    Args:
        function_arn: the function's ARN, a pattern of it, or what CloudFormation makes one of.
        account: the function's account, likewise.
        service: Lambda's name as a principal, which differs in China.
    """
    condition = {
        "StringEqualsIfExists": {"aws:SourceAccount": account},
        "ArnLikeIfExists": {"aws:SourceArn": function_arn},
    }
    trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [{"Sid": "", **trusted, "Condition": condition}]}


def of_a_role(role_arn: str, service: str) -> dict[str, Any]:
    """Return the trust policy for a role that has its function's name, as Chalice calls both; it says which account."""
    _, partition, _, _, account, role = role_arn.split(":")
    function = role.rsplit("/", 1)[-1]
    return only_for(f"arn:{partition}:lambda:*:{account}:function:{function}", account, service)
