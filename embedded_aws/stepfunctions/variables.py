"""Variables: when an `Assign` takes effect, which one of a Choice runs, and what the history tells of it.

Source: Step Functions developer guide, "Passing data between states with variables": the expressions of a
state, its Output too, see the values from before the state; all assignments take effect with its end. In a
Choice the Assign of the rule that matched runs, and the one beside `Default` only where none did.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.catch.catcher_decl import CatcherDecl
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

_exited, _caught = CommonStateField._get_state_exited_event_details, CatcherDecl._eval_body


def install() -> None:
    """Assign at the end of states."""
    VariableStore.pending = None
    VariableStore.get_assigned_variables = _assigned
    AssignDecl._eval_body = _prepare
    CatcherDecl._eval_body = _catch
    CommonStateField._get_state_exited_event_details = _exit
    StateChoice._eval_state_output = _leave_choice


def _prepare(declaration: Any, env: Any) -> None:
    values: dict[str, Any] = {}
    for binding in declaration.declaration_bindings:
        binding.eval(env=env)
        values.update(env.stack.pop())
    env.variable_store.pending = values


def _catch(catcher: Any, env: Any) -> None:
    env.variable_store.pending = None  # what the failed try had prepared
    _caught(catcher, env)


def _exit(state: Any, env: Any) -> Any:
    store = env.variable_store
    pending, store.pending = store.pending or {}, None
    for name, value in pending.items():
        store.set(variable_identifier=name, variable_value=value)
    return _exited(state, env)


def _assigned(store: Any) -> dict[str, str]:
    """Return the names that the state assigned, in the order of the alphabet, with their values as JSON."""
    names = sorted(store._declaration_tracing)
    return {name: to_json_str(store.get(name), separators=(",", ":")) for name in names}


def _leave_choice(choice: Any, env: Any) -> None:
    """The chosen state is on the stack, its rule has had its say, and so has the Default."""
    next_state = env.stack.pop()
    if choice.output_path:
        choice.output_path.eval(env=env)
    env.next_state_name = next_state
