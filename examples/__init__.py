"""Small state machines to learn from, run on the embedded AWS: `python -m examples run`."""
