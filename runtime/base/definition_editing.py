"""Changes numbers in `.actor/actor.json` in place: comments, layout and everything else in the file stay as they are.

The file is JSON5, as `loads_with_comments` reads it. The scanner below finds only the places of the top-level fields.
The edited text is parsed again, so a place that was misunderstood leads to an error and never to a damaged file.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.base.files import replace_file
from runtime.base.json_text import loads_with_comments

TRIVIA = re.compile(r"(?:[\s\ufeff]|//[^\n\r]*|/\*.*?\*/)*", re.DOTALL)
STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'', re.DOTALL)
SCALAR = re.compile(r"[^\s,:{}\[\]\"'/]+")
# Possessive: without a line break after the comments, all ways to split them would be tried.
REST_OF_LINE = re.compile(r"(?P<space>[^\S\r\n]*),?(?:[^\S\r\n]|//[^\n\r]*|/\*.*?\*/)*+(?=[\r\n])", re.DOTALL)
OPENING, CLOSING = "{[", "}]"
MEMORY_FIELDS = DEFAULT, MINIMUM, MAXIMUM = "defaultMemoryMbytes", "minMemoryMbytes", "maxMemoryMbytes"


class EditError(Exception):
    """The file cannot be edited in place."""

    def __init__(self, file: Path | str, reason: str) -> None:
        super().__init__(f"{file} cannot be changed: {reason}.")


@dataclass(frozen=True, slots=True)
class Member:
    """A top-level field of the object: where its key and its value begin, and where the value ends."""

    name: str
    key_start: int
    value_start: int
    value_end: int


def check_editable(file: Path) -> None:
    """Raises EditError if `write_memory` could not write this file."""
    edited_file(file, dict.fromkeys(MEMORY_FIELDS, 1))
    if not os.access(file.resolve().parent, os.W_OK):
        raise EditError(file, "its folder is not writable")


def write_memory(file: Path, memory: Mapping[str, int]) -> tuple[str, str]:
    """Set MEMORY_FIELDS in the file, completely or not at all. Return its text before and after. Raises EditError."""
    before, after = edited_file(file, memory)
    try:
        target = file.resolve()  # a link to the file stays a link
        replace_file(target, after.encode(), mode=stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        raise EditError(file, str(error.strerror or error).lower()) from error
    return before, after


def edited_file(file: Path, memory: Mapping[str, int]) -> tuple[str, str]:
    """Return the text of the file, and that with these MEMORY_FIELDS. Raises EditError."""
    text = _text(file)
    return text, with_memory(text, file, memory)


def with_memory(text: str, file: Path | str, memory: Mapping[str, int]) -> str:
    """Return the text of an actor.json with these MEMORY_FIELDS. Raises EditError, which names the file.

    A larger maximum stays, because it may serve inputs that were not measured.
    """
    try:
        fields = _parsed(text)
        if isinstance(fields, dict) and isinstance(fields.get(DEFAULT), str):
            raise ValueError(f"it computes {DEFAULT} with an expression, which a number would replace")
        maximum = fields.get(MAXIMUM) if isinstance(fields, dict) else None
        return with_numbers(text, {**memory, MAXIMUM: max(maximum if isinstance(maximum, int) else 0, memory[MAXIMUM])})
    except ValueError as error:
        raise EditError(file, str(error)) from error


def with_numbers(text: str, fields: Mapping[str, int]) -> str:
    """Return the text of a JSON5 object with these fields set; absent ones are added. Raises ValueError."""
    before = _parsed(text)
    if not isinstance(before, dict):
        raise ValueError("it is not a JSON object")
    for name, value in fields.items():
        text = _with_number(text, name, value, list(fields))
    if _parsed(text) != {**before, **fields}:
        raise ValueError("its layout is too unusual for a change in place")
    return text


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except FileNotFoundError as error:
        raise EditError(file, "it does not exist") from error
    except OSError as error:
        raise EditError(file, str(error.strerror or error).lower()) from error
    except UnicodeDecodeError as error:
        raise EditError(file, "it is not valid UTF-8") from error


def _parsed(text: str) -> Any:
    return loads_with_comments(text.encode())


def _with_number(text: str, name: str, value: int, related: list[str]) -> str:
    members = _members(text)
    same = [member for member in members if member.name == name]
    if len(same) > 1:
        raise ValueError(f"the field {name} occurs {len(same)} times in it")
    if same:
        return f"{text[: same[0].value_start]}{value}{text[same[0].value_end :]}"
    if not members:
        raise ValueError("it has no fields")
    neighbors = [member for member in members if member.name in related]
    return _with_member(text, (neighbors or members)[-1], name, value)


def _with_member(text: str, anchor: Member, name: str, value: int) -> str:
    """Return the text with a new field after another one: on a line of its own if that one has one, too."""
    quote = text[anchor.key_start] if text[anchor.key_start] in "\"'" else '"'
    field = f"{quote}{name}{quote}: {value}"
    indent = _indent(text, anchor.key_start)
    rest = REST_OF_LINE.match(text, anchor.value_end)
    if indent is None or rest is None:
        return f"{text[: anchor.value_end]}, {field}{text[anchor.value_end :]}"
    comma = anchor.value_end + len(rest["space"])
    has_comma = text[comma : comma + 1] == ","
    line = text[anchor.value_end : rest.end()]
    line_end = (
        "\r\n" if text[rest.end()] == "\r" and text[rest.end() + 1 : rest.end() + 2] == "\n" else text[rest.end()]
    )
    old_line = line if has_comma else f",{line}"
    new_line = f"{line_end}{indent}{field}{',' if has_comma else ''}"
    return f"{text[: anchor.value_end]}{old_line}{new_line}{text[rest.end() :]}"


def _indent(text: str, key_start: int) -> str | None:
    """Return the white space before a key, or None if something else is before it on its line."""
    start = max(text.rfind("\n", 0, key_start), text.rfind("\r", 0, key_start)) + 1
    before = text[start:key_start]
    return before if start and not before.strip() else None


def _members(text: str) -> list[Member]:
    """Return the fields of the outermost object, which is valid JSON5. Raises ValueError."""
    position = _skip(text, 0) + 1  # the opening brace
    members: list[Member] = []
    while True:
        key_start = _skip(text, position)
        if text[key_start] == "}":
            return members
        key_end = _end_of_value(text, key_start)
        value_start = _skip(text, _skip(text, key_end) + 1)  # after the colon
        value_end = _end_of_value(text, value_start)
        members.append(Member(_name(text[key_start:key_end]), key_start, value_start, value_end))
        position = _skip(text, value_end)
        position += text[position] == ","


def _skip(text: str, position: int) -> int:
    """Return the position after white space and comments."""
    match = TRIVIA.match(text, position)
    return match.end() if match else position


def _end_of_value(text: str, start: int) -> int:
    depth, position = 0, start
    while True:
        token = STRING.match(text, position) or SCALAR.match(text, position)
        if token:
            position = token.end()
        elif text[position] in OPENING + CLOSING:
            depth += 1 if text[position] in OPENING else -1
            position += 1
        elif depth and text[position] in ",:":
            position += 1
        else:
            raise ValueError("its layout is too unusual for a change in place")
        if not depth:
            return position
        position = _skip(text, position)


def _name(key: str) -> str:
    return str(_parsed(key)) if key[0] in "\"'" else key
