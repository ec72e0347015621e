from __future__ import annotations

from typing import Any

import pytest

from runtime.base.json_text import MAX_DEPTH, check_depth, loads, loads_with_comments


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ('// the Actor\n{"a": [1, 2,], /* and */ "b": "// no comment",}', {"a": [1, 2], "b": "// no comment"}),
        ("{a: 'one', b: 0x10}", {"a": "one", "b": 16}),
        ("[" * 300 + "]" * 300 + "// deep", None),
    ],
)
def test_json_with_comments_is_parsed(text: str, value: Any) -> None:
    read = loads_with_comments(text.encode())
    assert value is None or read == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1\n "b": 2}', "line 2, column 2: Expected comma or '}', found '\"'"),
        ('{"ž𝒳": 1,\n\n  "b": }', "line 3, column 8: Expected JSON5Value, found '}'"),
        ('{\n "a": "b', "line 2, column 7: Unclosed string"),
        ('{"a": 1}\nx', "line 1, column 8: Extra data 'x'"),
        ("[1,,2]", "line 1, column 4: Stray comma"),
        ("[" * 100_000, "line 1, column 501: Maximum nesting level exceeded"),
        ("", "line 1, column 1: No JSON data found"),
    ],
)
def test_an_error_has_its_line_and_column(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        loads_with_comments(text.encode())
    assert str(raised.value) == message


@pytest.mark.parametrize("text", [rb'"\ud83d"', rb'"\ud83dx"', rb'"\ude00"'])
def test_a_string_that_ends_inside_a_surrogate_pair_is_rejected_because_it_could_not_be_stored(text: bytes) -> None:
    with pytest.raises(ValueError, match="line 1, column"):
        loads_with_comments(text)


def test_nesting_is_limited_to_what_can_be_read_back() -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    check_depth(loads_with_comments(deepest.encode()))
    with pytest.raises(ValueError, match="deeper than 500 levels"):
        check_depth({"a": loads(deepest.encode())})


def test_invalid_utf8_is_rejected() -> None:
    with pytest.raises(ValueError):
        loads_with_comments(b'{"a": "\xff"}')
