"""JSON as clients send it: decoded by a fast codec, and by the standard library if that codec is too strict.

The fast codec rejects strings that end in the middle of a surrogate pair: JavaScript's `slice` produces them, and its
clients send them as an escape. The standard library handles them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NoReturn

import msgspec

Json = Any
"""Any JSON value."""
JsonObject = Mapping[str, Any]
"""A JSON object that is only read, never changed."""
JsonDict = dict[str, Any]
"""A JSON object under construction."""

MAX_DEPTH = 500
"""The deepest nesting of a stored value. The codec fails at about twice this depth, depending on its caller's stack."""
CONTAINERS = (dict, list)

MAX_PARTS = 250_000
"""The most objects and arrays in a value that is parsed in the server's own process."""
MAX_SHOWN_DIGITS = 30

_encoder = msgspec.json.Encoder()
_parser_error = re.compile(r"(?P<what>.*?)(?: starting)? near (?P<position>\d+)(?P<found>.*)", re.DOTALL)


def loads(text: bytes) -> Any:
    """Parse JSON. Raises ValueError."""
    try:
        return _decode(text)
    except RecursionError as problem:
        raise ValueError("it is nested too deeply") from problem


def loads_object(text: bytes) -> dict[str, Any]:
    """Return the JSON object in the text, or an empty one if the text is anything else."""
    try:
        value = loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def loads_with_comments(text: bytes) -> Any:
    """Parse JSON5: JSON as people write it, with comments and trailing commas.

    Raises ValueError with the line and the column of the error, both counted from 1.
    """
    import pyjson5  # here, because only the definitions of Actors need it

    written = text.decode("utf-8-sig")
    try:
        return pyjson5.decode(written, MAX_DEPTH)
    except pyjson5.Json5DecoderException as problem:
        raise ValueError(_with_line_and_column(written, str(problem.args[0]))) from None


def check_depth(value: Any) -> None:
    """Raises ValueError if the value is nested so deeply that it could be stored but not read back."""
    if next(islice(levels(value, CONTAINERS), MAX_DEPTH, None), None):
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")


def levels(value: Any, types: type | tuple[type, ...] = object) -> Iterator[list[Any]]:
    """The value itself, then level by level the values of these types that it contains."""
    level = [value]
    while level:
        yield level
        level = [child for parent in level for child in _children(parent) if isinstance(child, types)]


def check_parts(text: bytes) -> None:
    """Raises ValueError for JSON with so many objects and arrays that creating them would block other requests.

    It creates them itself: call it in a helper process. Raises ValueError for text that is not valid JSON, too.
    """
    count = sum(map(len, levels(loads(text), CONTAINERS)))
    if count > MAX_PARTS:
        raise ValueError(f"it has {count:,} objects and arrays, and at most {MAX_PARTS:,} are possible here")


def dumps(value: Any) -> bytes:
    """Encode the value compactly, on one line."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value, separators=(",", ":")).encode()


def dump_lines(values: Sequence[Any]) -> bytes:
    """Encode one value per line, without a line end after the last one."""
    try:
        return _encoder.encode_lines(values)[:-1]
    except (UnicodeEncodeError, OverflowError):
        return b"\n".join(dumps(value) for value in values)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _decode(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return json.loads(text.decode(), parse_float=_finite_float, parse_constant=_reject)


def _with_line_and_column(text: str, message: str) -> str:
    """Rewrite a message of the parser, which gives characters as code points and positions as offsets in the text."""
    error = _parser_error.fullmatch(message)
    if error is None:
        return message
    before = text[: int(error["position"]) - 1]
    what = re.sub(r"b'(\w[\w ]*)'", r"\1", error["what"] + error["found"])
    what = re.sub(r"U\+([0-9a-f]+)", lambda code: repr(chr(int(code[1], 16))), what)
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}: {what}"


def _finite_float(number: str) -> float:
    """Raises ValueError for a number that no float can hold, because it could not be returned as it was sent."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number[:MAX_SHOWN_DIGITS]} is too large for a number")
    return value


def _reject(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
