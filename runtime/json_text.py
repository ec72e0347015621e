"""JSON as clients send it: fast where it is ordinary, exact where it is not.

The fast codec refuses text cut in the middle of a surrogate pair (JavaScript's `slice` makes such text, and its clients
send it as an escape) and numbers no float can hold; the standard library takes over for these.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

_encoder = msgspec.json.Encoder()


def loads(text: bytes) -> Any:
    """Raises ValueError."""
    try:
        return _decode(text)
    except RecursionError as problem:
        raise ValueError("it is nested too deeply") from problem


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


def _decode(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return json.loads(text.decode(), parse_float=_finite, parse_constant=_refuse)


def _finite(number: str) -> float | None:
    """What no float can hold is null, as for JavaScript's own writer."""
    value = float(number)
    return value if math.isfinite(value) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
