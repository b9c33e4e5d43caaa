"""The `ecs-drainer` command for people: asks the deployed app, with the operator's own credentials; never deployed.

`main` puts the commands together, `desk` is what each of them stands at (output, time, patience), `commands/` holds
one module a command. What they decide is pure and apart: `instances`, `refusals`, `changes`, `checkup`.
"""
