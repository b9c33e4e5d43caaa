"""The rules that `statemachine.definition_check` holds a definition to, one module a subject."""
