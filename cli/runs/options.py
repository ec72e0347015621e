"""Parsers of options of `greenroom run`. Each raises ValueError with the reason."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from runtime.base.json_text import dumps
from runtime.base.source_paths import is_utf8

MIN_MEMORY_MBYTES = 128
MAX_MEMORY_MBYTES = 32_768
MBYTES_PER_UNIT = {"": 1, "m": 1, "g": 1024}
MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([mg])i?b?)?", re.IGNORECASE | re.ASCII)
"""`512`, `512m`, `512 MB`, `4g`, `1.5GB`."""
MAX_ENV_CHARS = 60_000
"""The longest encoded variables: they are part of a URL, which can have 65,536 characters."""


def parse_memory(text: str) -> int:
    """Return the memory in megabytes."""
    match = MEMORY.fullmatch(text.strip())
    if not match:
        raise ValueError(f"'{text}' is not a memory size: use megabytes such as 512, or a unit as in 512m or 4g")
    mbytes = float(match[1]) * MBYTES_PER_UNIT[(match[2] or "").lower()]
    if not MIN_MEMORY_MBYTES <= mbytes <= MAX_MEMORY_MBYTES or mbytes != int(mbytes):
        raise ValueError(
            f"'{text}' is not possible: a run has whole megabytes from {MIN_MEMORY_MBYTES} (128m)"
            f" to {MAX_MEMORY_MBYTES} (32g)"
        )
    return int(mbytes)


def parse_env_vars(given: list[str]) -> dict[str, str]:
    """Return the values of `NAME=VALUE` options by their names. The last value of a name counts."""
    variables = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name or name != "".join(name.split()):
            raise ValueError(f"'{text}' is not an environment variable: use NAME=VALUE")
        if not is_utf8(text):
            raise ValueError(f"{text!r} is not valid UTF-8")
        variables[name] = value
    if len(encode_env_vars(variables)) > MAX_ENV_CHARS:
        raise ValueError("the variables are too long: all together can have about 45,000 bytes")
    return variables


def encode_env_vars(variables: Mapping[str, str]) -> str:
    """Return the variables as a parameter of the server."""
    return base64.urlsafe_b64encode(
        dumps([{"name": name, "value": value} for name, value in variables.items()])
    ).decode()
