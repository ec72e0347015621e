"""The nodes of a parsed expression."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.memory_expressions.values import Value


@dataclass(frozen=True, slots=True)
class Constant:
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Array:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A property of an object. With `optional` (`?.`), the rest of the chain is undefined if the object is missing."""

    owner: Node
    key: Node
    optional: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function call. Most operators are calls too."""

    function: str
    arguments: tuple[Node, ...]
    is_operator: bool = True


@dataclass(frozen=True, slots=True)
class Parenthesis:
    content: Node


@dataclass(frozen=True, slots=True)
class Percentage:
    number: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    """A chain such as `1 < x < 5`: the operands, and the functions that compare each one with the next."""

    operands: tuple[Node, ...]
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    test: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Assignment:
    name: str
    value: Node


@dataclass(frozen=True, slots=True)
class Block:
    """Statements, each with whether it returns its value: one that ends with a semicolon does not."""

    statements: tuple[tuple[Node, bool], ...]


Node = (
    Constant | Name | Array | Member | Call | Parenthesis | Percentage | Comparison | Conditional | Assignment | Block
)
