"""Reading definitions and paths once: moto parses the whole definition at each start, each path at each use.

A program that was read holds no state of an execution (moto keeps that in the environment), so executions may
share it. A definition leaves its query language in moto's reader, which is wiped here: it would spoil every
definition after it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from moto.stepfunctions.parser.asl.component.common.assign.assign_template_value_terminal import (
    AssignTemplateValueTerminalLit,
)
from moto.stepfunctions.parser.asl.component.common.path import result_path
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import json_path

from embedded_aws.stepfunctions.locations import locate

_parse = AmazonStateLanguageParser.parse
_parse_path = json_path.parse
_parse_result_path = result_path.parse


def install() -> None:
    """Read each definition and each path once."""
    AmazonStateLanguageParser.parse = staticmethod(read_definition)
    json_path.parse = read_path
    result_path.parse = read_result_path
    preprocessor.from_string_literal = read_text
    Preprocessor.visitAssign_template_value_terminal_string_literal = _assigned_text


def read_text(parser_rule_context: Any) -> str:
    """Read a text of the definition as JSON; moto reads Python's, which has other escapes."""
    return str(json.loads(parser_rule_context.getText()))


def _assigned_text(_: Any, context: Any) -> Any:
    return AssignTemplateValueTerminalLit(value=read_text(context.string_literal()))


@lru_cache(maxsize=64)
def read_definition(definition: str) -> Any:
    """Return moto's program and parse tree of a definition; raises what moto's parser does."""
    Preprocessor._query_language_per_scope.clear()
    program, tree = _parse(definition)
    locate(program)
    return program, tree


@lru_cache(maxsize=1024)
def read_path(path: str) -> Any:
    """Return the compiled JSONPath."""
    return _parse_path(path)


@lru_cache(maxsize=1024)
def read_result_path(path: str) -> Any:
    """Return the compiled reference path of a ResultPath."""
    return _parse_result_path(path)
