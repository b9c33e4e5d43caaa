"""Drains that a release before began, and that today's functions end."""
