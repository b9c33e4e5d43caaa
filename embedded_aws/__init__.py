"""The embedded AWS: moto, plus what moto lacks to run a drain for real. Never deployed."""
