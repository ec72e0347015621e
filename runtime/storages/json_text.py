"""JSON as clients send it: fast where it is ordinary, exact where it is not.

The fast codec refuses text cut in the middle of a surrogate pair (JavaScript's `slice` makes such text, and its clients
send it as an escape) and numbers no float can hold; the standard library takes over for these.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

_encoder = msgspec.json.Encoder()


def loads(text: bytes) -> Any:
    """Raises ValueError."""
    try:
        return msgspec.json.decode(text)
    except RecursionError as problem:
        raise ValueError("it is nested too deeply") from problem
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return json.loads(text.decode(), parse_constant=_refuse)


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


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
