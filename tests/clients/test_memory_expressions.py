"""Our memory of an expression beside the platform's own: the same value, or none for both."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.memory_expressions import ExpressionError, memory_of
from tests.clients.node_script import NodeScript

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
LEFT_OUT = ("f(x) = x * 2; f(300)", "max(input.list * 2)", "{a: 512}.a", "input.n = 600", "format(512) * 1")
"""What the platform evaluates and Greenroom does not: told apart in the module's description."""
OPERANDS = ["0", "1", "2", "3.5", "600", "input.n", "input.half", "input.s", "input.b", "input.z", "input.x", "'7'"]
OPERANDS += ["get(input, 'urls.length')", "get(input, 'x', 2)", "runOptions.maxItems", "{{input.n}}", "true", "null"]
BINARY = ["+", "-", "*", "/", "^", "==", "!=", "<", ">", "and", "or", "xor", "??"]


def made(chance: random.Random, depth: int) -> str:
    """An expression of the grammar, by chance."""
    if depth == 0 or chance.random() < 0.15:
        return chance.choice(OPERANDS)
    match chance.randrange(9):
        case 0:
            return f"({made(chance, depth - 1)})"
        case 1:
            return f"{chance.choice(['-', 'not '])}{made(chance, depth - 1)}"
        case 2:
            return f"{made(chance, depth - 1)} ? {made(chance, depth - 1)} : {made(chance, depth - 1)}"
        case 3:
            name = chance.choice(["max", "min", "round", "ceil", "floor", "abs"])
            count = chance.randint(1, 3) if name in ("max", "min") else 1
            return f"{name}({', '.join(made(chance, depth - 1) for _ in range(count))})"
        case 4:
            return f"v = {made(chance, depth - 1)}; v * {made(chance, depth - 1)}"
        case _:
            return f"{made(chance, depth - 1)} {chance.choice(BINARY)} {made(chance, depth - 1)}"


@pytest.fixture(scope="module")
def platform() -> Iterator[NodeScript]:
    """The package that evaluates the platform's expressions."""
    script = NodeScript("memory.mjs")
    yield script
    script.close()


def judged(platform: NodeScript, expressions: list[str]) -> list[int | None]:
    """What the platform's package makes of them; None for an error."""
    cases = [(expression, CONTEXT) for expression in expressions]
    found: list[int | None] = platform.answer(cases)
    assert len(found) == len(expressions)
    return found


def ours(expression: str) -> int | None:
    context = json.loads(json.dumps(CONTEXT))
    try:
        return memory_of(expression, context["input"], context["runOptions"])
    except ExpressionError:
        return None


def test_expressions_have_the_platforms_value_or_none_as_there(platform: NodeScript) -> None:
    chance = random.Random(1)
    expressions = [*TABLE, *(made(chance, 4) for _ in range(2000))]
    expected = judged(platform, expressions)
    assert 500 < sum(value is not None for value in expected) < len(expected) - 500
    differing = [
        (expression, value, ours(expression))
        for expression, value in zip(expressions, expected, strict=True)
        if ours(expression) != value
    ]
    assert not differing


def test_what_is_left_out_is_refused_rather_than_misread(platform: NodeScript) -> None:
    assert None not in judged(platform, list(LEFT_OUT))
    assert [ours(expression) for expression in LEFT_OUT] == [None] * len(LEFT_OUT)
