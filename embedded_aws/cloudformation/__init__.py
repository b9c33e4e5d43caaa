"""CloudFormation: stacks whose resources are made through the API, changed in place and rolled back."""

from embedded_aws.cloudformation.backend import install
from embedded_aws.cloudformation.resource import KINDS, Resource

__all__ = ["KINDS", "Resource", "install"]
