"""Stories of drains in the embedded AWS, told as timelines: for tests, demos and benchmarks."""
