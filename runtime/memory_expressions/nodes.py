"""What an expression is made of."""

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
    """A property of an object; an `optional` one may be asked of nothing, and then it and what follows is undefined."""

    of: Node
    key: Node
    optional: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments; operators are calls too."""

    function: str
    arguments: tuple[Node, ...]
    is_operator: bool = True


@dataclass(frozen=True, slots=True)
class Parenthesis:
    of: Node


@dataclass(frozen=True, slots=True)
class Percentage:
    of: Node


@dataclass(frozen=True, slots=True)
class Comparison:
    """Operands with the functions that compare each with the next: `1 < x < 5`."""

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
    """Statements, and whether each shows its value: one that ends with a semicolon does not."""

    statements: tuple[tuple[Node, bool], ...]


Node = (
    Constant | Name | Array | Member | Call | Parenthesis | Percentage | Comparison | Conditional | Assignment | Block
)
