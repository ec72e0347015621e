"""JSON as clients send it: fast where it is ordinary, exact where it is not.

The fast codec refuses text cut in the middle of a surrogate pair (JavaScript's `slice` makes such text, and its clients
send it as an escape) and numbers no float can hold; the standard library takes over for these.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import msgspec
import pyjson5

Json = Any
"""Any JSON value."""
JsonObject = Mapping[str, Any]
"""A JSON object that is only read."""
JsonDict = dict[str, Any]
"""A JSON object that is being made."""

MAX_DEPTH = 500
"""Of what is stored as one value: the codec has no room for twice as many levels, and less the deeper it is called."""

_encoder = msgspec.json.Encoder()
_refusal = re.compile(r"(?P<what>.*?)(?: starting)? near (?P<place>\d+)(?P<found>.*)", re.DOTALL)


def loads(text: bytes) -> Any:
    """Raises ValueError."""
    try:
        return _decode(text)
    except RecursionError as problem:
        raise ValueError("it is nested too deeply") from problem


def loads_object(text: bytes) -> dict[str, Any]:
    """The object that a text is; empty where it is none, since a run's input may be anything."""
    try:
        value = loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def loads_with_comments(text: bytes) -> Any:
    """JSON as people write it: with comments, trailing commas, and what else JSON5 allows.

    Raises ValueError, which tells the line and the column, both counted from 1.
    """
    written = text.decode("utf-8-sig")
    try:
        return pyjson5.decode(written, MAX_DEPTH)
    except pyjson5.Json5DecoderException as problem:
        raise ValueError(_located(written, str(problem.args[0]))) from None


def check_depth(value: Any) -> None:
    """Raises ValueError for what is nested so deeply that it could not be read again from where it is stored."""
    inside = [value]
    for _ in range(MAX_DEPTH):
        inside = [part for whole in inside for part in _parts(whole) if isinstance(part, dict | list)]
    if inside:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")


def dumps(value: Any) -> bytes:
    """Compact, on one line."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value, separators=(",", ":")).encode()


def dump_lines(values: Sequence[Any]) -> bytes:
    """One value a line, without a line end after the last."""
    try:
        return _encoder.encode_lines(values)[:-1]
    except (UnicodeEncodeError, OverflowError):
        return b"\n".join(dumps(value) for value in values)


def _parts(whole: Any) -> Iterable[Any]:
    return whole.values() if isinstance(whole, dict) else whole


def _decode(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return json.loads(text.decode(), parse_float=_finite, parse_constant=_refuse)


def _located(text: str, refusal: str) -> str:
    """What the parser says, which names characters by number and counts them from the start of the text."""
    told = _refusal.fullmatch(refusal)
    if told is None:
        return refusal
    before = text[: int(told["place"]) - 1]
    what = re.sub(r"b'(\w[\w ]*)'", r"\1", told["what"] + told["found"])
    what = re.sub(r"U\+([0-9a-f]+)", lambda code: repr(chr(int(code[1], 16))), what)
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}: {what}"


def _finite(number: str) -> float | None:
    """What no float can hold is null, as for JavaScript's own writer."""
    value = float(number)
    return value if math.isfinite(value) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
