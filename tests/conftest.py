"""What every test shares: botocore's models of the services, read once."""

from __future__ import annotations

from functools import lru_cache

from botocore import session

# moto gives each embedded AWS a new boto3 session, and each session reads the models of all its services anew:
# a third of the time that a small world takes.
session.create_loader = lru_cache(session.create_loader)
