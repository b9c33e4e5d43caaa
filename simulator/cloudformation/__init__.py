"""CloudFormation: stacks whose resources are made through the API, changed in place and rolled back."""

from simulator.cloudformation.backend import install
from simulator.cloudformation.resource import KINDS, Resource

__all__ = ["KINDS", "Resource", "install"]
