"""Environment variables of `greenroom run`."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from runtime.base.json_text import dumps
from runtime.base.source_paths import is_utf8

MAX_ENV_CHARS = 60_000
"""The longest encoded variables: they are part of a URL, which can have 65,536 characters."""


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
