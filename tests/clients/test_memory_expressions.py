"""Values and errors of memory expressions, compared with the platform's own package."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.memory_expressions import ExpressionError, memory_of
from tests.clients.node_script import NodeScript
from tests.examples import examples

pytestmark = pytest.mark.processes

TABLE: list[str] = json.loads((Path(__file__).parent / "memory_expressions.json").read_text())
CONTEXT: dict[str, Any] = {
    "input": {
        "urls": ["a", "b", "c"],
        "list": [100, 900],
        "names": ["x"],
        "n": 5,
        "half": 0.5,
        "s": "12",
        "t": "hello",
        "b": True,
        "z": None,
        "o": {"a": {"b": 700}},
    },
    "runOptions": {"maxItems": 10, "memoryMbytes": 512, "build": "latest", "restartOnError": False},
}
UNSUPPORTED = ("f(x) = x * 2; f(300)", "max(input.list * 2)", "{a: 512}.a", "input.n = 600", "format(512) * 1")
"""Expressions that the platform evaluates and Greenroom does not, as documented in the module."""
OPERANDS = ["0", "1", "2", "3.5", "600", "input.n", "input.half", "input.s", "input.b", "input.z", "input.x", "'7'"]
OPERANDS += ["get(input, 'urls.length')", "get(input, 'x', 2)", "runOptions.maxItems", "{{input.n}}", "true", "null"]
BINARY = ["+", "-", "*", "/", "^", "==", "!=", "<", ">", "and", "or", "xor", "??"]


def generated(chance: random.Random, depth: int) -> str:
    """Return a random expression of the grammar."""
    if depth == 0 or chance.random() < 0.15:
        return chance.choice(OPERANDS)
    match chance.randrange(9):
        case 0:
            return f"({generated(chance, depth - 1)})"
        case 1:
            return f"{chance.choice(['-', 'not '])}{generated(chance, depth - 1)}"
        case 2:
            return f"{generated(chance, depth - 1)} ? {generated(chance, depth - 1)} : {generated(chance, depth - 1)}"
        case 3:
            name = chance.choice(["max", "min", "round", "ceil", "floor", "abs"])
            count = chance.randint(1, 3) if name in ("max", "min") else 1
            return f"{name}({', '.join(generated(chance, depth - 1) for _ in range(count))})"
        case 4:
            return f"v = {generated(chance, depth - 1)}; v * {generated(chance, depth - 1)}"
        case _:
            return f"{generated(chance, depth - 1)} {chance.choice(BINARY)} {generated(chance, depth - 1)}"


@pytest.fixture(scope="module")
def platform() -> Iterator[NodeScript]:
    """The package that evaluates the platform's expressions."""
    script = NodeScript("memory.mjs")
    yield script
    script.close()


def platform_results(platform: NodeScript, expressions: list[str]) -> list[int | None]:
    """Evaluate the expressions with the platform's package. An error is None."""
    cases = [(expression, CONTEXT) for expression in expressions]
    found: list[int | None] = platform.respond(cases)
    assert len(found) == len(expressions)
    return found


def memory_or_none(expression: str) -> int | None:
    context = json.loads(json.dumps(CONTEXT))
    try:
        return memory_of(expression, context["input"], context["runOptions"])
    except ExpressionError:
        return None


def test_expressions_have_the_same_value_or_error_as_on_the_platform(platform: NodeScript) -> None:
    chance = random.Random(1)
    expressions = [*TABLE, *(generated(chance, 4) for _ in range(examples(2000)))]
    expected = platform_results(platform, expressions)
    assert 0.2 < sum(value is not None for value in expected) / len(expected) < 0.8
    differing = [
        (expression, value, memory_or_none(expression))
        for expression, value in zip(expressions, expected, strict=True)
        if memory_or_none(expression) != value
    ]
    assert not differing


def test_unsupported_expressions_are_rejected(platform: NodeScript) -> None:
    assert None not in platform_results(platform, list(UNSUPPORTED))
    assert [memory_or_none(expression) for expression in UNSUPPORTED] == [None] * len(UNSUPPORTED)
