"""The input of `greenroom run`: what -i specifies, the input in the Actor's own storage, or prefilled values."""

from __future__ import annotations

import codecs
import json
import os
import sys
from pathlib import Path
from typing import Any

from cli.errors import INVALID_INPUT, CommandError
from cli.storage.layout import DEFAULT, INPUT_KEY, MAX_PAYLOAD_BYTES, ROOTS, STORES
from cli.terminal import print_message
from runtime.base.json_text import JsonDict, dumps


def read_input(given: str | None, source: str = "-i") -> bytes | None:
    """Return the input that `-i` specifies: JSON itself, `@file`, or `-` for stdin.

    `source` is the option, the variable or the file that specifies it. Raises CommandError if it is not valid JSON.
    """
    if given is None:
        return None
    body, origin = _input_body(given, source)
    return _checked(body, origin)


def read_stored_input(folder: Path) -> bytes | None:
    """Return the input in the folder's local storage, where the SDKs read it in a local run; None if there is none.

    Raises CommandError if it is not valid JSON.
    """
    files = [folder / root / STORES.folder / DEFAULT / f"{INPUT_KEY}.json" for root in ROOTS]
    file = next((each for each in files if each.is_file()), None)
    if file is None:
        return None
    print_message(f"Using the input in {file.relative_to(folder)}. Pass another one with -i.")
    return _checked(_content(file), f"in {file}")


def with_prefill(schema: JsonDict | None, body: bytes | None) -> bytes:
    """Return the prefilled values of an input schema. Fields of `body` take precedence. Raises CommandError."""
    properties = (schema or {}).get("properties", {})
    prefilled = {name: field["prefill"] for name, field in properties.items() if "prefill" in field}
    fields = {} if body is None else json.loads(body)
    if not isinstance(fields, dict):
        raise _input_error(
            "With --prefill, the input must be a JSON object, because its fields replace prefilled ones."
        )
    return dumps({**prefilled, **fields})


def _checked(body: bytes, origin: str) -> bytes:
    if len(body) > MAX_PAYLOAD_BYTES:
        raise _input_error(f"The input {origin} has {len(body):,} bytes, but the limit is {MAX_PAYLOAD_BYTES:,}.")
    try:
        json.loads(body.decode("utf-8-sig"), parse_constant=_reject_constant)
    except RecursionError as error:
        raise _input_error(f"The input {origin} is nested too deeply.") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _input_error(f"The input {origin} is not valid JSON: {error.msg} at {place}.") from error
    except ValueError as error:
        raise _input_error(f"The input {origin} is not valid JSON: {error}.") from error
    return body.removeprefix(codecs.BOM_UTF8)


def _input_body(given: str, source: str) -> tuple[bytes, str]:
    """Return the input's bytes, and its origin for error messages."""
    if given == "-":
        return _stdin(), "from stdin"
    if not given.startswith("@"):
        return os.fsencode(given), f"given with {source}"
    file = Path(given[1:])
    return _content(file), f"in {file}"


def _stdin() -> bytes:
    if sys.stdin is None:
        raise _input_error("Cannot read the input from stdin, because it is closed.")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise _input_error(f"Cannot read the input from stdin: {error.strerror or error}.") from error


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _input_error(f"Cannot read the input file {file}: {error.strerror}.") from error


def _reject_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a valid JSON value")


def _input_error(message: str) -> CommandError:
    advice = 'Pass JSON as in -i \'{"name": "value"}\', a file as in -i @input.json, or -i - to read from stdin.'
    return CommandError(message, advice, exit_code=INVALID_INPUT)
