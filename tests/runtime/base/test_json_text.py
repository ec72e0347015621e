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
def test_json_as_people_write_it(text: str, value: Any) -> None:
    read = loads_with_comments(text.encode())
    assert value is None or read == value


@pytest.mark.parametrize(
    ("text", "told"),
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
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ValueError) as raised:
        loads_with_comments(text.encode())
    assert str(raised.value) == told


@pytest.mark.parametrize("text", [rb'"\ud83d"', rb'"\ud83dx"', rb'"\ude00"'])
def test_text_that_is_cut_within_a_character_could_not_be_stored_and_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match="line 1, column"):
        loads_with_comments(text)


def test_what_is_nested_as_deeply_as_is_allowed_may_be_stored_and_no_deeper() -> None:
    deepest = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    check_depth(loads_with_comments(deepest.encode()))
    with pytest.raises(ValueError, match="deeper than 500 levels"):
        check_depth({"a": loads(deepest.encode())})


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError):
        loads_with_comments(b'{"a": "\xff"}')
