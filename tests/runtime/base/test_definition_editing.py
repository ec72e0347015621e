"""Changes of actor.json in place."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.base.definition_editing import EditError, check_editable, with_numbers, write_memory
from runtime.base.json_text import loads_with_comments
from tests.examples import examples

FIELDS = {"defaultMemoryMbytes": 512, "minMemoryMbytes": 256, "maxMemoryMbytes": 1024}
ALL = '"defaultMemoryMbytes": 512', '"minMemoryMbytes": 256', '"maxMemoryMbytes": 1024'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": 1}', '{"a": 1, %s, %s, %s}'),
        ('{\n  "a": 1\n}\n', '{\n  "a": 1,\n  %s,\n  %s,\n  %s\n}\n'),
        ('{\n  "a": 1, // why\n}\n', '{\n  "a": 1, // why\n  %s,\n  %s,\n  %s,\n}\n'),
        ('{\n  "a": 1 /* b\n c */\n}', '{\n  "a": 1, /* b\n c */\n  %s,\n  %s,\n  %s\n}'),
        ('{\r\n\t"a": [1, {"b": 2}]\r\n}', '{\r\n\t"a": [1, {"b": 2}],\r\n\t%s,\r\n\t%s,\r\n\t%s\r\n}'),
        (
            '{\n  "defaultMemoryMbytes": 128, // why\n  "a": {"maxMemoryMbytes": 3}\n}',
            '{\n  %s, // why\n  %s,\n  %s,\n  "a": {"maxMemoryMbytes": 3}\n}',
        ),
        (
            '\ufeff// "maxMemoryMbytes": 7\n{maxMemoryMbytes: 0x80,\n b: "}", \'minMemoryMbytes\': +5,}',
            None,
        ),
    ],
)
def test_only_the_fields_change(before: str, after: str | None) -> None:
    edited = with_numbers(before, FIELDS)
    if after is not None:
        assert edited == after % ALL
    assert loads_with_comments(edited.encode()) == {**loads_with_comments(before.encode()), **FIELDS}
    assert with_numbers(edited, FIELDS) == edited


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "not a JSON object"),
        ("{}", "no fields"),
        ('{"minMemoryMbytes": 1, "min\\u004demoryMbytes": 2}', "occurs 2 times"),
        ('{"a": }', "line 1"),
    ],
)
def test_what_cannot_be_changed_safely_is_rejected(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        with_numbers(text, FIELDS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("\"'\\/*{}[],: \nab", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("\"'\\/{a", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=examples(40))
@given(
    numbers=st.dictionaries(st.sampled_from([*FIELDS]), st.integers(0, 9)),
    others=st.dictionaries(st.sampled_from(["a", "b//", 'c"']), json_values, min_size=1),
    indent=st.sampled_from([None, 0, 2]),
    comment=st.sampled_from([" ", " // note }\n", "/* { , */"]),
)
def test_every_other_part_of_the_file_stays(
    numbers: dict[str, Any], others: dict[str, Any], indent: int | None, comment: str
) -> None:
    document = {**numbers, **others}
    text = json.dumps(document, indent=indent).replace(",\n", f",{comment}\n") + comment
    edited = with_numbers(text, FIELDS)
    assert loads_with_comments(edited.encode()) == {**document, **FIELDS}
    assert comment == " " or edited.count(comment) == text.count(comment)


def test_a_file_is_replaced_completely_and_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "real.json", tmp_path / "actor.json"
    target.write_bytes(b'{"a": "\xc3\xbc"}')
    target.chmod(0o640)
    link.symlink_to(target)
    write_memory(link, FIELDS)
    assert link.is_symlink()
    assert json.loads(target.read_bytes()) == {"a": "ü", **FIELDS}
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["actor.json", "real.json"]


@pytest.mark.parametrize("content", [None, b"\xff", b"{", b"{}"])
def test_a_file_that_cannot_be_changed_gives_an_error_and_stays(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "actor.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(EditError, match="cannot be changed"):
        check_editable(file)
    with pytest.raises(EditError, match="cannot be changed"):
        write_memory(file, FIELDS)
    assert (file.read_bytes() if file.exists() else None) == content


def test_many_comments_after_a_value_take_no_time() -> None:
    text = '{"version": "0.1",\n "minMemoryMbytes": 128 ' + "/**/" * 5000 + ' , "x": 1}'
    edited = with_numbers(text, FIELDS)
    assert loads_with_comments(edited.encode()) == {**loads_with_comments(text.encode()), **FIELDS}
