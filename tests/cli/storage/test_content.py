"""Content that a command reads: one JSON value, or one on each line."""

from __future__ import annotations

import json

import pytest

from cli.storage.content import parse_objects


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\n"])
def test_each_line_is_an_object(separator: str) -> None:
    objects = [{"a": 1}, {"a": 2}]
    assert parse_objects((separator.join(map(json.dumps, objects)) + separator).encode()) == objects


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\u0085"])
def test_only_a_line_feed_ends_a_line(character: str) -> None:
    """JSON strings may contain other separators of lines as they are, and JavaScript writes them so."""
    objects = [{"text": f"a{character}b"}, {"text": character}]
    content = "\n".join(json.dumps(each, ensure_ascii=False) for each in objects)
    assert parse_objects(content.encode()) == objects
