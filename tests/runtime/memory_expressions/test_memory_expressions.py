"""Memory expressions. tests/clients compares many more of them with the platform's own evaluator."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.memory_expressions import MAX_LENGTH, ExpressionError, memory_of, parse_expression

INPUT: dict[str, Any] = {
    "startUrls": ["a", "b", "c"],
    "maxReviews": 50,
    "details": True,
    "mode": "full",
    "deep": {"n": 5},
}
OPTIONS = {"maxItems": 10, "memoryMbytes": 1024}


@pytest.mark.parametrize(
    ("expression", "memory"),
    [
        ("get(input, 'startUrls.length', 1) * 512", 2048),
        ("get(input, 'nothing.length', 1) * 512", 512),
        ("get(input, 'details', false) ? 4096 : 1024", 4096),
        ("{{input.maxReviews}} * 64", 4096),
        ("runOptions.maxItems * 100", 1024),
        (
            "urls = get(input, 'startUrls.length', 0);\nfactor = max(input.maxReviews / 10, 1);\nurls * factor * 128",
            2048,
        ),
        ("compareText(input.mode, 'full') == 0 ? 1024 : 512", 1024),
        ("input.missing ?? 256", 256),
        ("input.deep?.n > 4 and not input.missing ? 256 : 128", 256),
    ],
)
def test_documented_expressions(expression: str, memory: int) -> None:
    assert memory_of(expression, INPUT, OPTIONS) == memory


@pytest.mark.parametrize(
    ("value", "memory"),
    [("300", 256), ("900", 1024), ("3600", 4096), ("1", 128), ("181", 128), ("182", 256), ("1e9", 32_768)],
)
def test_the_value_is_rounded_to_the_nearest_power_of_two_and_bounded(value: str, memory: int) -> None:
    assert memory_of(value, {}, {}) == memory


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "not a number"),
        ("0", "greater than 0"),
        ("-512", "greater than 0"),
        ("1 / 0", "not a number"),
        ("'512'", "not a number"),
        ("input.missing * 2", "undefined is not a number"),
        ("input.missing.deeper", "deeper"),
        ("input.mode == 'full' ? 1 : 2", "a string is not a number"),
        ("startUrls * 2", "variable 'startUrls'"),
        ("sqrt(512)", "function 'sqrt'"),
        ("get(input)", "number of arguments"),
        ("input.startUrls[1]", r"get\(input, 'list.0'\)"),
        ("{{env.HOME}}", "variable '{{env.HOME}}'"),
        ("512 +", "too early"),
        ("(512", r"'\)' is missing"),
        ("512 & 3", "unexpected '&' at character 5"),
        ("5 >= 3 ? 1 : 2", "missing before '='"),
        ("x" * (MAX_LENGTH + 1), "longer"),
        ("-" * MAX_LENGTH, "nested too deeply"),
        ("(" * MAX_LENGTH, "nested too deeply"),
    ],
)
def test_an_expression_without_a_value_raises_the_reason(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        memory_of(expression, INPUT, OPTIONS)


@pytest.mark.parametrize(
    ("expression", "memory"),
    [
        ("isInteger(1 / 0) or isInteger(0 / 0) ? 256 : 512", 512),
        (f"0x{'f' * 300} > 1 ? 256 : 512", 256),
        ("input.below < 0 ? 256 : 512", 256),
        ("get(input.list, input.digits, 256)", 256),
        ("input.above", None),
        ("input.hexadecimal * 1", None),
        ("round(1e300, 15) / 1e298", 128),
        ("unaryMinus() / 2", None),
    ],
)
def test_numbers_beyond_all_limits_are_rejected_or_infinite(expression: str, memory: int | None) -> None:
    input = {"above": 10**400, "below": -(10**400), "hexadecimal": "0x" + "f" * 400, "digits": "9" * 5000, "list": []}
    if memory is not None:
        assert memory_of(expression, input, {}) == memory
        return
    with pytest.raises(ExpressionError):
        memory_of(expression, input, {})


def test_a_long_string_that_is_almost_a_number_is_rejected_quickly() -> None:
    with pytest.raises(ExpressionError, match="a string is not a number"):
        memory_of("input.page * 1", {"page": "1" * 1_000_000 + "x"}, {})


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "input.__class__.__mro__",
        "get(input, '__class__') * 1",
        "get.__globals__",
        "max.__self__",
        "(1).__class__",
        "'{0.__class__}' * 1",
        "evaluate('512')",
        "9 ^ 9 ^ 9 ^ 9 ^ 9 ^ 9",
    ],
)
def test_an_expression_can_read_only_the_input_and_the_options(expression: str) -> None:
    with pytest.raises(ExpressionError):
        memory_of(expression, INPUT, OPTIONS)


def test_an_expression_is_parsed_without_being_evaluated() -> None:
    parse_expression("get(input, 'x') * unknown(5)")
    with pytest.raises(ExpressionError):
        parse_expression("get(input, 'x') *")


def test_characters_of_a_string_are_those_of_javascript() -> None:
    """A character beyond the basic plane counts as two, each half of a surrogate pair."""
    given = {"text": "a\U0001f600b", "half": "\ud83d", "high": "\uffff"}
    for expression in (
        "get(input, 'text.length') == 4 ? 512 : 128",
        "compareText(get(input, 'text.1'), input.half) == 0 ? 512 : 128",
        "compareText(get(input, 'text.3'), 'b') == 0 ? 512 : 128",
        "get(input, 'text.4', 512)",
        "get(input, 'text.01', 512)",
        "compareText(input.high, input.text) == 1 ? 512 : 128",
        "compareText('\ue000', '\U0001f600') == 1 ? 512 : 128",
    ):
        assert memory_of(expression, given, {}) == 512, expression
