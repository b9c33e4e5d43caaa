"""The gallery of blockers: small worlds, and what an operator reads in each."""
