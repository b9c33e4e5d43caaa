"""`ecs-drainer doctor --first-run`: what AWS does not document, asked of a real account."""
