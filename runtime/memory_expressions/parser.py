"""Parse expressions into nodes, with the operator precedence of math.js."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.memory_expressions import nodes
from runtime.memory_expressions.nodes import Node
from runtime.memory_expressions.values import UNDEFINED, ExpressionError, Value, number

RUN_OPTIONS = ("build", "timeoutSecs", "memoryMbytes", "diskMbytes", "maxItems", "maxTotalChargeUsd", "restartOnError")
TOKEN = re.compile(
    r"""
    (?P<space>[ \t\u00a0]+|\#[^\n]*)
    |(?P<newline>\n)
    |(?P<number>0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|(?:[0-9]+(?:\.(?![*/^])[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>(?:[^\W0-9]|\$)[\w$]*)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<sign>\?\?|\?\.(?![0-9])|==|!=|[-+*/%^=<>?:;,.()\[\]])
    """,
    re.VERBOSE,
)
PLACEHOLDER = re.compile(r"{{\s*([a-zA-Z0-9_.]+)\s*}}")
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
CONSTANTS: dict[str, Value] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": UNDEFINED,
    "NaN": math.nan,
    "Infinity": math.inf,
}
WORDS = frozenset({"and", "or", "xor", "not", "mod", "to", "in"})
COMPARISONS = {"==": "equal", "!=": "unequal", "<": "smaller", ">": "larger"}
LEVELS: tuple[dict[str, str], ...] = ({"or": "or"}, {"xor": "xor"}, {"and": "and"})
"""The operators of lowest precedence, the lowest first."""
OPENING, CLOSING = ("(", "["), (")", "]")


def parse(expression: str) -> Node:
    """Raises ExpressionError."""
    return Parser(tokens(without_placeholders(expression))).program()


def without_placeholders(expression: str) -> str:
    """Replace `{{input.x}}` by `input.x`, which means the same."""

    def variable(found: re.Match[str]) -> str:
        name = found[1]
        if not name.startswith("input.") and name not in {f"runOptions.{key}" for key in RUN_OPTIONS}:
            raise ExpressionError(f"there is no variable '{{{{{name}}}}}'")
        return name

    return PLACEHOLDER.sub(variable, expression)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


END = Token("end", "")


def tokens(text: str) -> list[Token]:
    """Split the text into tokens. Inside brackets, line breaks count as spaces."""
    found: list[Token] = []
    position = depth = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise ExpressionError(f"unexpected {text[position]!r} at character {position + 1}")
        kind, part, position = match.lastgroup, match[0], match.end()
        depth += (part in OPENING) - (part in CLOSING)
        if kind == "space" or (kind == "newline" and depth > 0):
            continue
        if part[0] == "'" and found and (found[-1].kind in ("name", "number", "text") or found[-1].text in CLOSING):
            raise ExpressionError("transposing with ' is not supported")
        found.append(Token("sign" if kind == "name" and part in WORDS else kind, part))
    return found


class Parser:
    """A recursive descent parser: each method parses operators of at least the precedence in its name."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self._position = 0
        self._depth = 0
        self._in_condition: int | None = None
        """The bracket depth at which a colon belongs to a condition and not to a range."""

    def program(self) -> Node:
        node = self._block()
        if self._now is not END:
            raise ExpressionError(f"unexpected {self._now.text!r}")
        return node

    def _block(self) -> Node:
        if self._now is END:
            return nodes.Constant(UNDEFINED)
        node = None if self._is("\n", ";") else self._assignment()
        if node is not None and self._now is END:
            return node
        statements = [] if node is None else [(node, not self._is(";"))]
        while self._accept("\n", ";"):
            if self._now is not END and not self._is("\n", ";"):
                statement = self._assignment()
                statements.append((statement, not self._is(";")))
        return nodes.Block(tuple(statements))

    def _assignment(self) -> Node:
        node = self._conditional()
        if not self._accept("="):
            return node
        if not isinstance(node, nodes.Name):
            raise ExpressionError("only variables can be assigned")
        self._skip_lines()
        return nodes.Assignment(node.name, self._assignment())

    def _conditional(self) -> Node:
        node = self._logical(0)
        while self._accept("?"):
            outer, self._in_condition = self._in_condition, self._depth
            self._skip_lines()
            then = self._assignment()
            self._expect(":")
            self._in_condition = None
            self._skip_lines()
            node = nodes.Conditional(node, then, self._assignment())
            self._in_condition = outer
        return node

    def _logical(self, level: int) -> Node:
        if level == len(LEVELS):
            return self._comparison()
        node = self._logical(level + 1)
        while operator := self._accept(*LEVELS[level]):
            self._skip_lines()
            node = nodes.Call(LEVELS[level][operator], (node, self._logical(level + 1)))
        return node

    def _comparison(self) -> Node:
        operands, functions = [self._range()], list[str]()
        while operator := self._accept(*COMPARISONS):
            self._skip_lines()
            functions.append(COMPARISONS[operator])
            operands.append(self._range())
        return nodes.Comparison(tuple(operands), tuple(functions)) if functions else operands[0]

    def _range(self) -> Node:
        """Parse a range such as `1:5`. It cannot be evaluated, but it affects how the rest is parsed."""
        is_possible = self._in_condition != self._depth
        parts = [nodes.Constant(1.0) if is_possible and self._is(":") else self._sum()]
        while len(parts) < 3 and is_possible and self._is(":"):
            self._position += 1
            self._skip_lines()
            parts.append(nodes.Constant(UNDEFINED) if self._now is END or self._is(")", "]", ",") else self._sum())
        return parts[0] if len(parts) == 1 else nodes.Call("range", tuple(parts))

    def _sum(self) -> Node:
        node = self._product()
        while operator := self._accept("+", "-"):
            self._skip_lines()
            right = self._product()
            if isinstance(right, nodes.Percentage):  # `200 + 10%` is 220
                right = nodes.Call("multiply", (node, right))
            node = nodes.Call("add" if operator == "+" else "subtract", (node, right))
        return node

    def _product(self) -> Node:
        node = self._implicit_product()
        while operator := self._accept("*", "/"):
            self._skip_lines()
            node = nodes.Call("multiply" if operator == "*" else "divide", (node, self._implicit_product()))
        return node

    def _implicit_product(self) -> Node:
        """Parse a product without an operator, such as `2 input.x`, which has a higher precedence than `*` and `/`."""
        node = last = self._fraction()
        while self._begins_factor(last):
            last = self._fraction()
            node = nodes.Call("multiply", (node, last))
        return node

    def _begins_factor(self, last: Node) -> bool:
        is_number = self._now.kind == "number"
        can_have_number = not isinstance(last, nodes.Constant | nodes.Percentage) and not (
            isinstance(last, nodes.Call) and last.is_operator
        )
        return self._now.kind == "name" or self._is("(") or (is_number and can_have_number)

    def _fraction(self) -> Node:
        """Parse a fraction before a factor: `1/2 input.x` is half of `input.x`."""
        node = last = self._percentage()
        while _is_number(last) and self._is("/") and self._ahead(1).kind == "number" and self._has_factor(2):
            self._position += 1
            last = self._percentage()
            node = nodes.Call("divide", (node, last))
        return node

    def _has_factor(self, ahead: int) -> bool:
        token = self._ahead(ahead)
        return token.kind == "name" or token.text == "("

    def _percentage(self) -> Node:
        node = self._unary()
        following = self._ahead(1)
        is_modulo = following.kind in ("number", "name", "text") or following.text in ("(", "[", "-", "+", "not")
        if self._is("%") and not is_modulo:
            self._position += 1
            return nodes.Percentage(node)
        return node

    def _unary(self) -> Node:
        if operator := self._accept("-", "not"):
            self._skip_lines()
            return nodes.Call("unaryMinus" if operator == "-" else "not", (self._unary(),))
        return self._power()

    def _power(self) -> Node:
        node = self._nullish()
        if self._accept("^"):
            self._skip_lines()
            return nodes.Call("pow", (node, self._unary()))
        return node

    def _nullish(self) -> Node:
        node = self._operand()
        while self._accept("??"):
            self._skip_lines()
            node = nodes.Call("nullish", (node, self._operand()))
        return node

    def _operand(self) -> Node:
        if self._accept("("):
            node = nodes.Parenthesis(self._assignment())
            self._expect(")")
            return self._members(node)
        if self._accept("["):
            return self._members(nodes.Array(self._list("]")))
        token = self._now
        self._position += 1
        if token.kind == "name" or token.text in WORDS:
            return self._members(
                nodes.Constant(CONSTANTS[token.text]) if token.text in CONSTANTS else nodes.Name(token.text)
            )
        if token.kind == "number":
            return nodes.Constant(number(token.text))
        if token.kind == "text":
            return self._members(nodes.Constant(_unescape(token.text[1:-1])))
        raise ExpressionError(f"a value is missing before {token.text!r}" if token.text else "it ends too early")

    def _members(self, node: Node) -> Node:
        """Parse what follows an operand: its properties, or the arguments of a function."""
        while True:
            if isinstance(node, nodes.Name) and self._accept("("):
                node = nodes.Call(node.name, self._list(")"), is_operator=False)
            elif isinstance(node, nodes.Member) and self._is("("):
                raise ExpressionError("methods of objects cannot be called")
            elif operator := self._accept(".", "?.", "["):
                optional = operator == "?."
                in_brackets = operator == "[" or (optional and self._accept("[") is not None)
                node = nodes.Member(node, self._key(in_brackets), optional)
            else:
                return node

    def _key(self, in_brackets: bool) -> Node:
        if in_brackets:
            key = self._assignment()
            self._expect("]")
            return key
        token = self._now
        if token.kind != "name" and token.text not in WORDS:
            raise ExpressionError("a property's name is missing")
        self._position += 1
        return nodes.Constant(token.text)

    def _list(self, closing: str) -> tuple[Node, ...]:
        if self._accept(closing):
            return ()
        items = [self._assignment()]
        while self._accept(","):
            items.append(self._assignment())
        self._expect(closing)
        return tuple(items)

    @property
    def _now(self) -> Token:
        return self._ahead(0)

    def _ahead(self, count: int) -> Token:
        position = self._position + count
        return self.tokens[position] if position < len(self.tokens) else END

    def _is(self, *signs: str) -> bool:
        return self._now.kind in ("sign", "newline") and self._now.text in signs

    def _accept(self, *signs: str) -> str | None:
        if not self._is(*signs):
            return None
        self._position += 1
        accepted = self._ahead(-1).text
        self._depth += (accepted in OPENING) - (accepted in CLOSING)
        return accepted

    def _expect(self, sign: str) -> None:
        if not self._accept(sign):
            raise ExpressionError(f"{sign!r} is missing")

    def _skip_lines(self) -> None:
        while self._accept("\n"):
            pass


def _is_number(node: Node) -> bool:
    if isinstance(node, nodes.Call) and node.function == "unaryMinus" and node.arguments:
        node = node.arguments[0]
    return isinstance(node, nodes.Constant)


def _unescape(text: str) -> str:
    return ESCAPE.sub(lambda found: _escape(found[1]), text)


def _escape(code: str) -> str:
    return chr(int(code[1:], 16)) if len(code) == 5 else ESCAPED.get(code, code)
