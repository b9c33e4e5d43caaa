"""The stack that `ecs-drainer install` deploys: what it is made of, its bucket, its parameters and its change sets."""
