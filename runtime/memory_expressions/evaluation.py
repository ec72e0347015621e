"""Evaluate the nodes of an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runtime.memory_expressions import nodes
from runtime.memory_expressions.functions import ARITY, FUNCTIONS
from runtime.memory_expressions.nodes import Node
from runtime.memory_expressions.values import UNDEFINED, ExpressionError, Scope, Value, code_units, is_missing

INDEX = re.compile(r"0|[1-9][0-9]{0,15}")


def evaluate(node: Node, scope: Scope) -> Value:
    """Raises ExpressionError."""
    match node:
        case nodes.Constant(value):
            return value
        case nodes.Name(name):
            return _variable(scope, name)
        case nodes.Array(items):
            return [evaluate(each, scope) for each in items]
        case nodes.Member():
            return _member_of(node, scope)[0]
        case nodes.Call(function, arguments):
            return _call(scope, function, [evaluate(each, scope) for each in arguments])
        case nodes.Parenthesis(content):
            return evaluate(content, scope)
        case nodes.Percentage(number):
            return FUNCTIONS["divide"](evaluate(number, scope), 100.0)
        case nodes.Comparison(operands, functions):
            return _compare(scope, operands, functions)
        case nodes.Conditional(test, then, otherwise):
            return evaluate(then if _is_true(evaluate(test, scope)) else otherwise, scope)
        case nodes.Assignment(name, value):
            scope[name] = evaluate(value, scope)
            return scope[name]
        case nodes.Block(statements):
            evaluated = [(evaluate(each, scope), returns_value) for each, returns_value in statements]
            results = [value for value, returns_value in evaluated if returns_value]
            return results[-1] if results else UNDEFINED


def _variable(scope: Scope, name: str) -> Value:
    if name in scope:
        return scope[name]
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    raise ExpressionError(f"there is no variable '{name}'")


def _call(scope: Scope, name: str, arguments: Sequence[Value]) -> Value:
    if name in scope and scope[name] is not get:
        raise ExpressionError(f"'{name}' is not a function")
    function = scope.get(name) or FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError(f"there is no function '{name}'")
    fewest, most = ARITY[name]
    if not fewest <= len(arguments) <= most:
        raise ExpressionError(f"the number of arguments of '{name}' cannot be {len(arguments)}")
    return function(*arguments)


def _member_of(node: nodes.Member, scope: Scope) -> tuple[Value, bool]:
    """Return the value of the property, and whether the chain ended early because one of its objects is missing."""
    if isinstance(node.owner, nodes.Member):
        owner, has_ended = _member_of(node.owner, scope)
    else:
        owner, has_ended = evaluate(node.owner, scope), False
    if has_ended or (node.optional and is_missing(owner)):
        return UNDEFINED, True
    return _property(owner, evaluate(node.key, scope)), False


def _property(owner: Value, key: Value) -> Value:
    if not isinstance(key, str):
        raise ExpressionError("items cannot be read with brackets: use get(input, 'list.0')")
    if isinstance(owner, Mapping):
        return owner.get(key, UNDEFINED)
    if isinstance(owner, list):
        return float(len(owner)) if key == "length" else _item(owner, key)
    raise ExpressionError(f"'{key}' cannot be read from a value that is not an object")


def get(owner: Value, path: Value, default: Value = UNDEFINED, *_: Value) -> Value:
    """Return the value at a path inside an object, or the default if any part of the path is missing.

    The platform implements it in JavaScript, where further arguments are ignored.
    """
    if not isinstance(path, str):
        raise ExpressionError("the path for get() must be a string")
    for key in path.split("."):
        owner = _child(owner, key)
    return default if is_missing(owner) else owner


def _child(owner: Value, key: str) -> Value:
    if isinstance(owner, Mapping):
        return owner.get(key, UNDEFINED)
    if isinstance(owner, str):
        return _character(code_units(owner), key)
    if isinstance(owner, list):
        return float(len(owner)) if key == "length" else _item(owner, key)
    return UNDEFINED


def _character(units: bytes, key: str) -> Value:
    """The length of a text, or one of its characters. The list of all of them could be very long."""
    if key == "length":
        return float(len(units) // 2)
    start = 2 * int(key) if INDEX.fullmatch(key) else len(units)
    return units[start : start + 2].decode("utf-16-be", "surrogatepass") if start < len(units) else UNDEFINED


def _item(items: Sequence[Value], key: str) -> Value:
    return items[int(key)] if INDEX.fullmatch(key) and int(key) < len(items) else UNDEFINED


def _compare(scope: Scope, operands: Sequence[Node], functions: Sequence[str]) -> bool:
    left = evaluate(operands[0], scope)
    for function, operand in zip(functions, operands[1:], strict=True):
        right = evaluate(operand, scope)
        if not FUNCTIONS[function](left, right):
            return False
        left = right
    return True


def _is_true(value: Value) -> bool:
    if is_missing(value):
        return False
    if isinstance(value, bool | int | float | str):
        return bool(value) and value == value  # NaN is not equal to itself, and counts as false
    raise ExpressionError("a condition must be true, false, a number or a string")
