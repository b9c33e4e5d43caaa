"""`ecs-drainer console`: the drains of a stage as pages in a browser on this machine, live, read-only unless asked.

What is read (`feed`), what is shown of it (`board`, `pages`), who may ask (`guard`), what may be done (`acts`), and how
it is served (`app`, `pulse`, `serving`). Why it is made so: docs/decisions/the-console.md.
"""
