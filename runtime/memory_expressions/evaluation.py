"""From an expression's nodes to its value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from runtime.memory_expressions.functions import ARITY, FUNCTIONS
from runtime.memory_expressions.nodes import (
    Array,
    Assignment,
    Block,
    Call,
    Comparison,
    Conditional,
    Constant,
    Member,
    Name,
    Node,
    Parenthesis,
    Percentage,
)
from runtime.memory_expressions.values import UNDEFINED, ExpressionError, Scope, Value, characters, is_nothing

INDEX = re.compile(r"0|[1-9][0-9]{0,15}")


def evaluate(node: Node, scope: Scope) -> Value:
    """Raises ExpressionError."""
    match node:
        case Constant(value):
            return value
        case Name(name):
            return _variable(scope, name)
        case Array(items):
            return [evaluate(each, scope) for each in items]
        case Member():
            return _member_of(node, scope)[0]
        case Call(function, arguments):
            return _called(scope, function, [evaluate(each, scope) for each in arguments])
        case Parenthesis(of):
            return evaluate(of, scope)
        case Percentage(of):
            return FUNCTIONS["divide"](evaluate(of, scope), 100.0)
        case Comparison(operands, functions):
            return _compared(scope, operands, functions)
        case Conditional(test, then, otherwise):
            return evaluate(then if _holds(evaluate(test, scope)) else otherwise, scope)
        case Assignment(name, value):
            scope[name] = evaluate(value, scope)
            return scope[name]
        case Block(statements):
            shown = [
                value for value, is_shown in [(evaluate(each, scope), show) for each, show in statements] if is_shown
            ]
            return shown[-1] if shown else UNDEFINED


def _variable(scope: Scope, name: str) -> Value:
    if name in scope:
        return scope[name]
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    raise ExpressionError(f"there is no variable '{name}'")


def _called(scope: Scope, name: str, arguments: Sequence[Value]) -> Value:
    if name in scope and scope[name] is not get:
        raise ExpressionError(f"'{name}' is no function")
    function = scope.get(name) or FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError(f"there is no function '{name}'")
    fewest, most = ARITY[name]
    if not fewest <= len(arguments) <= most:
        raise ExpressionError(f"'{name}' takes another number of arguments than {len(arguments)}")
    return function(*arguments)


def _member_of(node: Member, scope: Scope) -> tuple[Value, bool]:
    """The property's value, and whether the chain has ended at something that was not there."""
    if isinstance(node.of, Member):
        owner, is_over = _member_of(node.of, scope)
    else:
        owner, is_over = evaluate(node.of, scope), False
    if is_over or (node.optional and is_nothing(owner)):
        return UNDEFINED, True
    return _property(owner, evaluate(node.key, scope)), False


def _property(owner: Value, key: Value) -> Value:
    if not isinstance(key, str):
        raise ExpressionError("only properties with a name can be read: for an item use get(input, 'list.0')")
    if isinstance(owner, Mapping):
        return owner.get(key, UNDEFINED)
    if isinstance(owner, list):
        return float(len(owner)) if key == "length" else _item(owner, key)
    raise ExpressionError(f"'{key}' cannot be read of what is no object")


def get(owner: Value, path: Value, default: Value = UNDEFINED, *_: Value) -> Value:
    """A value deep inside an object, or the default where it or something on the way is not there.

    It is JavaScript's own function, which takes any number of arguments more.
    """
    if not isinstance(path, str):
        raise ExpressionError("the path for get() must be a text")
    for key in path.split("."):
        owner = _reached(owner, key)
    return default if is_nothing(owner) else owner


def _reached(owner: Value, key: str) -> Value:
    if isinstance(owner, Mapping):
        return owner.get(key, UNDEFINED)
    if isinstance(owner, str):
        owner = [*characters(owner)]
    if isinstance(owner, list):
        return float(len(owner)) if key == "length" else _item(owner, key)
    return UNDEFINED


def _item(items: Sequence[Value], key: str) -> Value:
    return items[int(key)] if INDEX.fullmatch(key) and int(key) < len(items) else UNDEFINED


def _compared(scope: Scope, operands: Sequence[Node], functions: Sequence[str]) -> bool:
    left = evaluate(operands[0], scope)
    for function, operand in zip(functions, operands[1:], strict=True):
        right = evaluate(operand, scope)
        if not FUNCTIONS[function](left, right):
            return False
        left = right
    return True


def _holds(value: Value) -> bool:
    if is_nothing(value):
        return False
    if isinstance(value, bool | int | float | str):
        return bool(value) and value == value  # NaN is not equal to itself, and no truth
    raise ExpressionError("a condition must be true, false, a number or a text")
