"""What `ecs-drainer fleet` knows: selection, reading, refusals, progress. Pure but for `reading`."""
