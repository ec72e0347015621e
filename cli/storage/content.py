"""Prints what a storage contains, and reads what is pushed to one."""

from __future__ import annotations

import codecs
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cli.errors import INVALID_INPUT, CommandError
from cli.terminal import streams
from cli.terminal.text import printable
from runtime.base.lines import lines_of

READ_ADVICE = "Pass the content itself, an existing file as in @FILE, or - to read from stdin."
OBJECTS_ADVICE = 'Pass a JSON object as in \'{"name": "value"}\', an array of objects, or one object a line.'


def print_content(chunks: Iterable[bytes], content_type: str, *, ends_line: bool = False) -> None:
    """Write content to stdout: unchanged, except that a terminal gets no control characters, and only text.

    With `ends_line`, a line end is added if the last line has none. A terminal always gets one.
    """
    if not streams.stdout.isatty():
        last = b""
        for last in chunks:
            streams.stdout.write_bytes(last)
        streams.stdout.write_bytes(b"\n" if ends_line and last and not last.endswith(b"\n") else b"")
        return
    if not _is_text(content_type):
        raise CommandError(
            f"The content has the type {content_type}, which a terminal cannot show.",
            "Redirect the output to a file with > FILE.",
            exit_code=INVALID_INPUT,
        )
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = ""
    for chunk in chunks:
        text = decoder.decode(chunk)
        streams.stdout.write(printable(text))
    streams.stdout.write("\n" if text and not text.endswith("\n") else "")
    streams.stdout.flush()


def read_content(given: str) -> bytes:
    """Return the content that an argument specifies: text itself, `@FILE`, or `-` for stdin. Raises CommandError."""
    if given == "-":
        if sys.stdin is None:
            raise CommandError("Cannot read from stdin, because it is closed.", READ_ADVICE, exit_code=INVALID_INPUT)
        return sys.stdin.buffer.read()
    if not given.startswith("@"):
        return os.fsencode(given)
    try:
        return Path(given[1:]).read_bytes()
    except OSError as error:
        message = f"Cannot read {given[1:]}: {error.strerror}."
        raise CommandError(message, READ_ADVICE, exit_code=INVALID_INPUT) from error


def parse_objects(content: bytes, advice: str = OBJECTS_ADVICE) -> list[Any]:
    """Parse a JSON object, a JSON array of objects, or one JSON object a line. Raises CommandError with this advice."""
    try:
        text = content.decode("utf-8-sig")
        values = _values(text)
    except ValueError as error:
        raise CommandError(f"The content is not valid JSON: {error}.", advice, exit_code=INVALID_INPUT) from error
    for number, value in enumerate(values, 1):
        if not isinstance(value, dict):
            message = f"Entry {number} is not a JSON object: {json.dumps(value)[:80]}."
            raise CommandError(message, advice, exit_code=INVALID_INPUT)
    return values


def _values(text: str) -> list[Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        lines = [line for line in lines_of(text) if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line) for line in lines]
    return value if isinstance(value, list) else [value]


def _is_text(content_type: str) -> bool:
    essence = content_type.partition(";")[0].strip().lower()
    return essence.startswith("text/") or any(essence.endswith(each) for each in ("json", "jsonl", "xml", "javascript"))
