"""Recordings of AWS's Step Functions, each run again on the embedded AWS: `python -m embedded_aws.conformance`.

A fact is a minimal machine, its input, and what AWS was recorded to make of it. Each one agrees, differs, or can't be
expressed here: it is about what the embedded AWS does not have.
"""

from embedded_aws.conformance.facts import Fact, facts
from embedded_aws.conformance.known import DIFFERENCES, Difference, relied_on
from embedded_aws.conformance.verdicts import Verdict, judge

__all__ = ["DIFFERENCES", "Difference", "Fact", "Verdict", "facts", "judge", "relied_on"]
